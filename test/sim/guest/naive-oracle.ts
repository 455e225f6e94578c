/**
The rules of design by the letter, for comparison: every version of every sector is kept for ever, with the moment at which it
was superseded. Slow and plain.
*/
interface Version {
	readonly number: number;
	readonly submitted: number;
	answered: number;
	state: 'in flight' | 'acknowledged' | 'failed' | 'settled';
	superseded: number;
}

const never = Number.POSITIVE_INFINITY;

export class NaiveOracle {
	readonly sectors: Version[][];
	#now = 1;
	#flushed = 0;
	#powerLost = 0;

	constructor(sectors: number) {
		this.sectors = Array.from({length: sectors}, () => [
			{number: 0, submitted: 0, answered: 0, state: 'acknowledged', superseded: never},
		]);
	}

	tick(): number {
		return ++this.#now;
	}

	submitWrite(number: number, sector: number, count: number): void {
		const submitted = this.tick();
		for (let s = sector; s < sector + count; s++) {
			this.sectors[s].push({number, submitted, answered: never, state: 'in flight', superseded: never});
		}
	}

	acknowledge(number: number, sector: number, count: number): void {
		const now = this.tick();
		for (let s = sector; s < sector + count; s++) {
			const version = this.#version(s, number);
			version.answered = now;
			version.state = 'settled';
			if (version.submitted > this.#powerLost) {
				version.state = 'acknowledged';
				for (const other of this.sectors[s]) {
					if (other.answered < version.submitted) {
						other.superseded = Math.min(other.superseded, now);
					}
				}
			}
		}
	}

	fail(number: number, sector: number, count: number): void {
		this.tick();
		for (let s = sector; s < sector + count; s++) {
			this.#version(s, number).state = 'failed';
		}
	}

	reset(): void {
		const now = this.tick();
		for (const version of this.sectors.flat()) {
			if (version.state === 'failed') {
				version.state = 'settled';
				version.answered = now;
			}
		}
	}

	/** Versions a read submitted at `since` may return now. */
	legal(sector: number, since: number): number[] {
		return this.sectors[sector].filter((version) => version.superseded > since).map((version) => version.number);
	}

	narrow(sector: number, number: number, since: number): void {
		if (since <= this.#powerLost) {
			return;
		}

		const now = this.tick();
		const moment = Math.min(now, Math.max(this.#version(sector, number).answered, this.#powerLost));
		for (const other of this.sectors[sector]) {
			if (other.number !== number && other.answered < since) {
				other.superseded = Math.min(other.superseded, moment);
			}
		}
	}

	endFlush(since: number, completed: boolean): void {
		this.tick();
		if (completed && since > this.#powerLost) {
			this.#flushed = Math.max(this.#flushed, since);
		}
	}

	powerLost(): void {
		for (const version of this.sectors.flat()) {
			if (version.superseded > this.#flushed) {
				version.superseded = never;
			}
		}

		this.#powerLost = this.tick();
		this.#flushed = this.#powerLost;
	}

	#version(sector: number, number: number): Version {
		const version = this.sectors[sector].find((v) => v.number === number);
		if (version === undefined) {
			throw new Error(`sector ${sector} has no version ${number}`);
		}

		return version;
	}
}
