/** The progress of a run, one line on stderr that is written over, when stderr is a terminal; else nothing. */
import type {Host} from '../sim/host.js';

/** Real milliseconds between two updates of the line. */
const period = 200;

export class Progress {
	readonly #begun = performance.now();
	#toldAt = 0;
	#told = false;

	/**
	 * @param until where the run will stop, virtual nanoseconds.
	 * @param label which run it is, where there are several.
	 */
	constructor(
		private readonly output: NodeJS.WriteStream,
		private readonly until: number,
		private readonly label = '',
	) {}

	get #label(): string {
		return this.label === '' ? '' : `${this.label}: `;
	}

	/** Called often; writes seldom. */
	update(host: Host): void {
		const now = performance.now();
		if (!this.output.isTTY || now - this.#toldAt < period) return;
		this.#toldAt = now;
		this.#told = true;
		const percent = Math.floor((100 * host.now) / this.until);
		const speed = host.now / 1e6 / (now - this.#begun);
		const line = `${String(percent).padStart(3)} %  ${(host.now / 1e9).toFixed(1)} s simulated  ${speed.toFixed(1)}×`;
		this.output.write(`\r${this.#label}${line}\u001B[K`);
	}

	/** Puts what the run took in the line's place: `60.000 s simulated in 2.1 s: 28.6×`. */
	end(host: Host): void {
		if (!this.output.isTTY) return;
		const took = (performance.now() - this.#begun) / 1000;
		const simulated = host.now / 1e9;
		const line = `${simulated.toFixed(3)} s simulated in ${took.toFixed(1)} s: ${(simulated / took).toFixed(1)}×`;
		this.output.write(`${this.#told ? '\r\u001B[K' : ''}${this.#label}${line}\n`);
	}
}
