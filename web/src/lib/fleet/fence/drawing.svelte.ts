import type { Point } from '$lib/api/fleet';
import { begun, done, redone, undone, type History } from './history';
import { blank, clicked, inserted, moved, removed, widened, type Sketch } from './shape-draft';

/** An area that is drawn, with what it was before. While something is dragged it is shown as it would be, and one step in the end. */
export class Drawing {
	private history: History<Sketch> = $state.raw(begun(blank.polygon));
	private dragged = $state.raw<Sketch | null>(null);
	/** The corner that keys are about. */
	chosen = $state<number | null>(null);

	constructor(
		sketch: Sketch,
		/** Told of each step. */
		private readonly onstep: (sketch: Sketch) => void
	) {
		this.history = begun(sketch);
	}

	get sketch(): Sketch {
		return this.dragged ?? this.history.now;
	}
	get canUndo(): boolean {
		return this.history.past.length > 0;
	}
	get canRedo(): boolean {
		return this.history.future.length > 0;
	}

	/** Somebody else's is taken instead: nothing of before leads there. */
	restart(sketch: Sketch): void {
		this.history = begun(sketch);
		this.chosen = null;
	}

	undo(): void {
		this.take(undone(this.history));
	}
	redo(): void {
		this.take(redone(this.history));
	}

	click(at: Point): void {
		this.step(clicked(this.sketch, at));
		const { sketch } = this;
		this.chosen = sketch.type === 'polygon' ? sketch.points.length - 1 : null;
	}
	insert(index: number, at: Point): void {
		this.step(inserted(this.sketch, index, at));
	}
	move(index: number, to: Point): void {
		this.step(moved(this.sketch, index, to));
	}
	remove(index: number): void {
		this.step(removed(this.sketch, index));
		this.chosen = null;
	}
	setRadius(radius_m: number): void {
		if (this.sketch.type === 'circle') this.step({ ...this.sketch, radius_m });
	}
	/** The other kind of area, or this one from its beginning. */
	begin(type: Sketch['type']): void {
		this.step(blank[type]);
		this.chosen = null;
	}

	/** A corner (or the centre) is being dragged. */
	drag(index: number, to: Point): void {
		this.dragged = moved(this.history.now, index, to);
	}
	/** A small point between two corners is being dragged: it becomes one. */
	dragNew(index: number, to: Point): void {
		this.dragged = inserted(this.history.now, index, to);
	}
	dragEdge(to: Point): void {
		this.dragged = widened(this.history.now, to);
	}
	/** What was dragged is let go of. */
	drop(): void {
		const { dragged } = this;
		this.dragged = null;
		if (dragged) this.step(dragged);
	}

	private step(next: Sketch): void {
		this.take(done(this.history, next));
	}

	private take(history: History<Sketch>): void {
		this.history = history;
		const { now } = history;
		if (this.chosen !== null && (now.type !== 'polygon' || this.chosen >= now.points.length)) this.chosen = null;
		this.onstep(now);
	}
}
