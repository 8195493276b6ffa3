/** The design's tokens that a map is drawn in. */
const tokens = ['ground', 'panel', 'hover', 'press', 'line', 'line-strong', 'ink', 'soft', 'faint', 'accent', 'accent-soft', 'on-accent', 'up', 'degraded', 'down', 'unknown'] as const;
type Token = (typeof tokens)[number];

export type Colours = Record<Token, string>;

/** The tokens as the map's library reads them: it knows no `oklch`. */
export function coloursNow(): Colours {
	const style = getComputedStyle(document.documentElement);
	const canvas = document.createElement('canvas');
	canvas.width = canvas.height = 1;
	const context = canvas.getContext('2d', { willReadFrequently: true });
	const rgb = (token: Token): string => {
		if (!context) return '#808080';
		context.fillStyle = style.getPropertyValue(`--${token}`).trim();
		context.fillRect(0, 0, 1, 1);
		const [red, green, blue] = context.getImageData(0, 0, 1, 1).data;
		return `rgb(${red},${green},${blue})`;
	};
	return Object.fromEntries(tokens.map((token) => [token, rgb(token)])) as Colours;
}
