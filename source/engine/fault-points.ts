/**
Fault points. Each layer owns its own and asks them at the moment something would happen; nothing else knows how a fault
acts. A point with nothing armed costs one comparison with null. sim/faults arms them.
*/
import {assert} from './assert.js';

export const pass = 0;
export const drop = 1;
export const delay = 2;
export const alter = 3;
/** What becomes of the thing that was about to happen. */
export type Verdict = typeof pass | typeof drop | typeof delay | typeof alter;

/** An armed rule, called once for each thing that passes. */
export interface ArmedFault {
	/** @param subject what is passing, in the layer's own numbers (a port, a command, a sector). */
	decide(subject: number): Verdict;
	/** For `delay`: nanoseconds. For `alter`: what to do, in the layer's own numbers. */
	readonly value: number;
}

export class FaultPoint {
	/** Asked when not null. Layers write: `if (point.armed !== null && point.armed.decide(port) === drop) return;` */
	armed: ArmedFault | null = null;

	/** @param name `layer.what`, e.g. `evtchn.send`; @param parties who is concerned, e.g. `db`, `Domain-0`. */
	constructor(
		readonly name: string,
		readonly parties: readonly string[],
	) {}
}

export class FaultPoints {
	private readonly points = new Map<string, FaultPoint>();

	/** Declares a point. `key` makes it unique, e.g. `evtchn.send db:7`. */
	point(key: string, parties: readonly string[]): FaultPoint {
		assert(!this.points.has(key), `fault point ${key} is declared once`);
		const point = new FaultPoint(key, parties);
		this.points.set(key, point);
		return point;
	}

	get(key: string): FaultPoint | undefined {
		return this.points.get(key);
	}

	/** Forgets a point whose layer is gone (a closed port, a removed device). */
	remove(point: FaultPoint): void {
		this.points.delete(point.name);
	}

	*[Symbol.iterator](): IterableIterator<FaultPoint> {
		yield* this.points.values();
	}
}
