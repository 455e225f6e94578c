/** Signals of a command that runs hosts without a console. */
import {exitCode} from './user-error.js';

/** Ctrl-C and SIGTERM end the run at the next slice; a second one ends the process at once. */
export class Signals {
	received = false;
	readonly #take = () => {
		if (this.received) process.exit(exitCode.interrupted);
		this.received = true;
	};

	constructor() {
		process.on('SIGINT', this.#take);
		process.on('SIGTERM', this.#take);
	}

	release(): void {
		process.off('SIGINT', this.#take);
		process.off('SIGTERM', this.#take);
	}
}
