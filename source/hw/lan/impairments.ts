/**
What may befall a frame on one direction of a link, each with a chance in a million of its own and drawn from a stream of its own. Every
frame draws from each stream that has a chance at all, so that one impairment leaves the draws of the others unchanged.

  loss               it never arrives
  corruption         one bit flips and the FCS does not fit: whoever checks it drops the frame
  silentCorruption   one bit flips where the FCS fits again, as in a bad memory behind the check: only IP, TCP and UDP can tell
  duplication        a copy arrives one frame time after it
  reordering         it is held back for `holdBack`, so that later frames overtake it

Fault point `wire.frame NAME outbound|inbound` (subject: the frame's bytes), asked before them; what it does comes from `wire/NAME/fault`:
  drop: lost · delay: held back for the fault's value in ns · alter: one of the values below
*/
import type {Engine} from '../../engine/engine.js';
import {type ArmedFault, alter, delay, drop, type FaultPoint} from '../../engine/fault-points.js';
import type {RandomStream} from '../../engine/random.js';
import type {FrameDirection} from '../../net/frame-tap.js';
import type {PooledFrame} from './frame-pool.js';

/** Values of a fault that alters. */
export const corruptFrame = 1;
export const corruptFrameSilently = 2;
export const duplicateFrame = 3;
export const reorderFrame = 4;

/** Chances in a million, for each direction. */
export interface ImpairmentOptions {
	readonly loss: number;
	readonly corruption: number;
	readonly silentCorruption: number;
	readonly duplication: number;
	readonly reordering: number;
	/** How long a reordered frame is held back, ns. */
	readonly holdBack: number;
}

export const noImpairments: ImpairmentOptions = {
	loss: 0,
	corruption: 0,
	silentCorruption: 0,
	duplication: 0,
	reordering: 0,
	// knob: four full frames of 1 GbE overtake it, which is enough for three duplicate acknowledgements
	holdBack: 50_000,
};

/** Ends a note on what a fault did. */
const injected = ' (injected fault)';

export class Impairments {
	/** Frames so far. */
	lost = 0;
	corrupted = 0;
	duplicated = 0;
	heldBack = 0;
	/** Of the last frame asked about: further ns on its way. */
	hold = 0;
	/** Of the last frame asked about: a copy follows. */
	duplicate = false;
	private readonly options: ImpairmentOptions;
	private readonly point: FaultPoint;
	/** Something may befall a frame without a fault. */
	private readonly any: boolean;
	private readonly loss: RandomStream;
	private readonly corruption: RandomStream;
	private readonly silent: RandomStream;
	private readonly duplication: RandomStream;
	private readonly reordering: RandomStream;
	private readonly fault: RandomStream;

	/** @param name the link's; @param direction as the link's first station sees it. */
	constructor(engine: Engine, name: string, direction: FrameDirection, options: ImpairmentOptions) {
		this.point = engine.faults.point(`wire.frame ${name} ${direction}`, [name]);
		const stream = (what: string) => engine.random.stream(`wire/${name}/${what}/${direction}`);
		this.options = options;
		this.loss = stream('loss');
		this.corruption = stream('corruption');
		this.silent = stream('silent-corruption');
		this.duplication = stream('duplication');
		this.reordering = stream('reordering');
		this.fault = stream('fault');
		const {loss, corruption, silentCorruption, duplication, reordering} = options;
		this.any = loss + corruption + silentCorruption + duplication + reordering > 0;
	}

	/** Something may befall the next frame; the usual answer, no, is all that a frame pays. */
	get active(): boolean {
		return this.any || this.point.armed !== null;
	}

	/** Decides what befalls `frame`, does what can be done to it now, and says the rest in `hold` and `duplicate`. */
	befall(frame: PooledFrame): void {
		this.hold = 0;
		this.duplicate = false;
		if (this.point.armed !== null) {
			this.injure(frame, this.point.armed);
		}

		if (this.any) {
			this.draw(frame);
		}

		if (this.duplicate) {
			this.duplicated++;
		}
	}

	private draw(frame: PooledFrame): void {
		const {loss, corruption, silentCorruption, duplication, reordering, holdBack} = this.options;
		if (loss > 0 && this.loss.chance(loss)) {
			this.lose(frame, '');
		}

		if (corruption > 0 && this.corruption.chance(corruption)) {
			this.corrupt(frame, this.corruption, true, '');
		}

		if (silentCorruption > 0 && this.silent.chance(silentCorruption)) {
			this.corrupt(frame, this.silent, false, '');
		}

		if (duplication > 0 && this.duplication.chance(duplication)) {
			this.duplicate = true;
		}

		if (reordering > 0 && this.reordering.chance(reordering)) {
			this.holdBack(frame, holdBack, '');
		}
	}

	private injure(frame: PooledFrame, fault: ArmedFault): void {
		const verdict = fault.decide(frame.length);
		if (verdict === drop) {
			this.lose(frame, injected);
		} else if (verdict === delay) {
			this.holdBack(frame, fault.value, injected);
		} else if (verdict === alter) {
			switch (fault.value) {
				case corruptFrame:
				case corruptFrameSilently:
					this.corrupt(frame, this.fault, fault.value === corruptFrame, injected);
					break;
				case duplicateFrame:
					this.duplicate = true;
					break;
				case reorderFrame:
					this.holdBack(frame, this.options.holdBack, injected);
					break;
			}
		}
	}

	private lose(frame: PooledFrame, how: string): void {
		frame.lost = true;
		this.lost++;
		note(frame, `lost${how}`);
	}

	private corrupt(frame: PooledFrame, random: RandomStream, seen: boolean, how: string): void {
		const bit = random.below(frame.length * 8);
		const byte = bit >>> 3;
		frame.bytes[byte] ^= 1 << (bit & 7);
		frame.damaged ||= seen;
		this.corrupted++;
		note(frame, `one bit flipped at byte ${byte}${seen ? '' : ', the FCS fits'}${how}`);
	}

	private holdBack(frame: PooledFrame, nanoseconds: number, how: string): void {
		this.hold += nanoseconds;
		this.heldBack++;
		note(frame, `held back for ${nanoseconds} ns${how}`);
	}
}

/** Adds to what a capture says of a frame. */
export function note(frame: PooledFrame, text: string): void {
	frame.note += `${frame.note === '' ? '' : '; '}wire: ${text}`;
}
