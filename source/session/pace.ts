/**
Pace: how far virtual time should have come, given the wall clock. Pure arithmetic over times that are handed in, so that it can be
tested without waiting. When the simulation cannot keep up, the backlog is forgotten beyond a moment's worth: it says
`behind` and goes on at what it can do, instead of racing later.
*/

/** Real milliseconds of backlog that may be caught up. */
const patience = 200;

export class Pace {
	/** Simulated ns per real second; Infinity = as fast as it can. */
	speed: number;
	/** Share of the asked speed reached lately, 1 = keeps up. */
	reached = 1;
	#base = 0;
	#wallBase = 0;
	#measuredAt = 0;
	#measuredFrom = 0;

	constructor(speed: number) {
		this.speed = speed;
	}

	/** From now on virtual time runs from `now` (ns) with the wall at `wall` (ms). After every change of speed, freeze or restart. */
	start(now: number, wall: number): void {
		this.#base = now;
		this.#wallBase = wall;
		this.#measuredFrom = now;
		this.#measuredAt = wall;
		this.reached = 1;
	}

	/** Where virtual time should be at `wall` ms, given that it is at `now` ns. */
	target(now: number, wall: number): number {
		if (this.speed === Number.POSITIVE_INFINITY) {
			return Number.POSITIVE_INFINITY;
		}

		let target = this.#base + Math.floor(((wall - this.#wallBase) * this.speed) / 1000);
		const backlog = ((target - now) * 1000) / this.speed;
		if (backlog > patience) {
			this.#wallBase += backlog - patience;
			target = this.#base + Math.floor(((wall - this.#wallBase) * this.speed) / 1000);
		}

		return target;
	}

	/** Real milliseconds until virtual time should reach `time`; 0 when it should be there already. */
	wait(time: number, wall: number): number {
		return Math.max(0, ((time - this.#base) * 1000) / this.speed - (wall - this.#wallBase));
	}

	/** Notes that virtual time is at `now` ns at `wall` ms; measures what was reached about once a second. */
	measure(now: number, wall: number): void {
		const elapsed = wall - this.#measuredAt;
		if (elapsed >= 1000) {
			const asked = (elapsed * this.speed) / 1000;
			this.reached = this.speed === Number.POSITIVE_INFINITY ? 1 : Math.min(1, (now - this.#measuredFrom) / asked);
			this.#measuredFrom = now;
			this.#measuredAt = wall;
		}
	}
}
