/**
Who has something to send. Everybody sends one packet a turn; when the device is full the turns stop where they are and go on when
there is room.
*/

/** What a turn came to: nothing is left to send; there is more; the device is full; it waits for somebody who calls `want` again. */
export const turnDone = 0;
export const turnMore = 1;
export const turnFull = 2;
export const turnWaits = 3;
export type Turn = typeof turnDone | typeof turnMore | typeof turnFull | typeof turnWaits;

export interface Transmitter {
	/** It has its place in the order of turns. Kept by `Turns`. */
	queued: boolean;
	/** Sends at most one packet. */
	transmit(): Turn;
}

export class Turns {
	private ring: (Transmitter | null)[] = new Array(16).fill(null);
	private first = 0;
	private count = 0;
	/** An entry of the stack is running: turns are taken when it ends. */
	private inside = false;
	/** The device has said that it is full. */
	full = false;

	/** `transmitter` has something to send. */
	want(transmitter: Transmitter): void {
		if (!transmitter.queued) {
			this.push(transmitter);
		}

		if (!this.inside) {
			this.enter();
			this.leave();
		}
	}

	/** Whether somebody waits for a turn. */
	get waiting(): number {
		return this.count;
	}

	/** An entry of the stack begins; what is wanted until it ends waits for its end. */
	enter(): void {
		this.inside = true;
	}

	leave(): void {
		while (this.count > 0 && !this.full) {
			const mask = this.ring.length - 1;
			// A place within the count is taken.
			const transmitter = this.ring[this.first & mask] as Transmitter;
			this.ring[this.first & mask] = null;
			this.first = (this.first + 1) & mask;
			this.count--;
			transmitter.queued = false;
			const turn = transmitter.transmit();
			if (turn === turnFull) {
				this.full = true;
			}

			if (turn === turnMore || turn === turnFull) {
				if (!transmitter.queued) {
					this.push(transmitter);
				}
			}
		}

		this.inside = false;
	}

	private push(transmitter: Transmitter): void {
		if (this.count === this.ring.length) {
			const grown: (Transmitter | null)[] = new Array(this.ring.length * 2).fill(null);
			for (let i = 0; i < this.count; i++) {
				grown[i] = this.ring[(this.first + i) & (this.ring.length - 1)];
			}

			this.ring = grown;
			this.first = 0;
		}

		this.ring[(this.first + this.count++) & (this.ring.length - 1)] = transmitter;
		transmitter.queued = true;
	}
}
