/** Operations of a medium that wait for something, by slot, first come first served: a ring, as no operation is in a queue twice. */
import {mediumSlots} from '../medium.js';

export class SlotQueue {
	private readonly slots = new Int16Array(mediumSlots);
	private from = 0;
	private length = 0;

	get isEmpty(): boolean {
		return this.length === 0;
	}

	get first(): number {
		return this.slots[this.from & (mediumSlots - 1)];
	}

	push(slot: number): void {
		this.slots[(this.from + this.length++) & (mediumSlots - 1)] = slot;
	}

	shift(): number {
		const slot = this.first;
		this.from++;
		this.length--;
		return slot;
	}

	remove(slot: number): void {
		const length = this.length;
		for (let i = 0; i < length; i++) {
			const other = this.shift();
			if (other !== slot) {
				this.push(other);
			}
		}
	}

	clear(): void {
		this.from = 0;
		this.length = 0;
	}
}
