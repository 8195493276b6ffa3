import type { Map as MapLibre } from 'maplibre-gl';
import type { Colours } from './colours';

/** What a device is shown as: each has a shape of its own, besides its colour. */
export type Sign = 'moving' | 'stopped' | 'offline' | 'unknown';

const size_px = 26;
const density = 2;

type Draw = (context: CanvasRenderingContext2D) => void;

/** The images of the signs, drawn for these colours. An arrow points north: the map turns it. */
export function addSigns(map: MapLibre, colours: Colours): void {
	const middle = size_px / 2;
	const outlined = (fill: string, path: Draw): Draw => (context) => {
		context.beginPath();
		path(context);
		context.closePath();
		context.lineWidth = 4;
		context.lineJoin = 'round';
		context.strokeStyle = colours.panel;
		context.stroke();
		context.fillStyle = fill;
		context.fill();
	};
	const arrow: Draw = (context) => {
		context.moveTo(middle, 4);
		context.lineTo(middle + 7, size_px - 5);
		context.lineTo(middle, size_px - 9);
		context.lineTo(middle - 7, size_px - 5);
	};
	const square: Draw = (context) => context.roundRect(middle - 5.5, middle - 5.5, 11, 11, 2.5);
	const dot: Draw = (context) => context.arc(middle, middle, 5.5, 0, 2 * Math.PI);
	const hollow: Draw = (context) => {
		outlined(colours.unknown, dot)(context);
		context.beginPath();
		context.arc(middle, middle, 3, 0, 2 * Math.PI);
		context.fillStyle = colours.panel;
		context.fill();
	};
	const images: Record<Sign, Draw> = {
		moving: outlined(colours.up, arrow),
		stopped: outlined(colours.accent, square),
		offline: hollow,
		unknown: outlined(colours.unknown, dot)
	};
	for (const [sign, draw] of Object.entries(images)) add(map, sign, draw);
	add(map, 'vehicle', outlined(colours.ink, arrow));
}

function add(map: MapLibre, name: string, draw: Draw): void {
	const canvas = document.createElement('canvas');
	canvas.width = canvas.height = size_px * density;
	const context = canvas.getContext('2d');
	if (!context || map.hasImage(name)) return;
	context.scale(density, density);
	draw(context);
	map.addImage(name, context.getImageData(0, 0, canvas.width, canvas.height), { pixelRatio: density });
}
