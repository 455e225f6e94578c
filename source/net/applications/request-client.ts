/**
The asking side of requests over TCP: `concurrency` connections, each with one request at a time, either as fast as answers come (closed
loop) or at a rate of arrivals (open loop: a request counts from its arrival, however long it waits for a connection).
*/
import {Histogram} from '../../engine/histogram.js';
import type {RandomStream} from '../../engine/random.js';
import {write32} from '../bytes.js';
import type {NetworkStack} from '../stack.js';
import type {Timer} from '../timers.js';
import {RequestConnection} from './request-connection.js';
import {requestHeaderBytes} from './request-server.js';

export interface RequestOptions {
	readonly to: number;
	readonly port: number;
	/** Bytes of a request (at least 8) and of its response (at least 1). */
	readonly request: number;
	readonly response: number;
	/** Requests under way at once, each on a connection of its own. */
	readonly concurrency: number;
	/** Arrivals a second; 0: the next request follows the answer. */
	readonly rate: number;
	readonly rateProcess: 'linear' | 'poisson';
	/** Connections stay, or serve one request each. */
	readonly connection: 'keep' | 'new';
	/** Requests to make; 0: until stopped. */
	readonly count: number;
}

/** Arrivals that wait for a connection; more are skipped and counted. */
const arrivalLimit = 4096;
const second = 1_000_000_000;
/** How long a connection that failed waits before it is tried again. */
const retryNanoseconds = 100_000_000;

export class RequestClient {
	/** Begun, answered whole, and given up because their connection ended. */
	begun = 0;
	answered = 0;
	failed = 0;
	/** Arrivals that found too many waiting. */
	skipped = 0;
	/** Pieces of responses that were not what belongs there. */
	wrong = 0;
	/** Requests that failed or whose answer was not what belongs there, each once. */
	errors = 0;
	connections = 0;
	bytesReceived = 0;
	/** From arrival (open loop) or sending to the last byte of the answer, ns. */
	readonly latencies = new Histogram();
	/** Told of each answer. */
	onAnswer: ((nanoseconds: number) => void) | null = null;
	/** Told once, when `count` requests have come to their end. */
	onEnd: (() => void) | null = null;
	readonly header = Buffer.alloc(requestHeaderBytes);
	readonly #idle: RequestConnection[] = [];
	readonly #waiting = new Float64Array(arrivalLimit);
	#first = 0;
	#length = 0;
	#arrivals = 0;
	#start = 0;
	#nextArrival = 0;
	#stopped = false;
	#ended = false;
	readonly #arrival: Timer;
	readonly #retry: Timer;

	constructor(
		readonly stack: NetworkStack,
		readonly options: RequestOptions,
		private readonly random: RandomStream,
	) {
		write32(this.header, 0, options.request);
		write32(this.header, 4, options.response);
		this.#arrival = stack.ip.timers.add(() => this.#arrive());
		this.#retry = stack.ip.timers.add(() => this.#pump());
		for (let i = 0; i < options.concurrency; i++) this.#idle.push(new RequestConnection(this));
	}

	start(): void {
		this.#start = this.stack.environment.now();
		this.#nextArrival = this.#start;
		this.stack.run(() => {
			if (this.options.rate > 0) this.#arrive();
			else this.#pump();
		});
	}

	/** No request begins any more; connections close when they are idle. */
	stop(): void {
		this.#stopped = true;
		this.#arrival.clear();
		this.#retry.clear();
		this.stack.run(() => {
			for (const connection of this.#idle) connection.close();
		});
	}

	/** Gives up the timers, after `stop`. */
	release(): void {
		this.#arrival.release();
		this.#retry.release();
	}

	get isOpenLoop(): boolean {
		return this.options.rate > 0;
	}

	/** Arrived and not begun. */
	get backlog(): number {
		return this.#length;
	}

	/** A connection's request, which counts `since` then, is answered. */
	finished(connection: RequestConnection, since: number): void {
		const nanoseconds = this.stack.environment.now() - since;
		this.answered++;
		this.latencies.record(nanoseconds);
		if (this.onAnswer !== null) this.onAnswer(nanoseconds);
		this.#idle.push(connection);
		this.#next();
	}

	/** A connection has ended with its request unanswered. */
	gaveUp(connection: RequestConnection): void {
		this.failed++;
		this.#idle.push(connection);
		if (!this.#stopped && !this.#checkEnd()) this.#retry.set(retryNanoseconds);
	}

	#next(): void {
		if (this.#stopped || this.#checkEnd()) {
			for (const connection of this.#idle) connection.close();
		} else {
			this.#pump();
		}
	}

	#checkEnd(): boolean {
		const {count} = this.options;
		if (count === 0 || this.answered + this.failed < count) {
			return false;
		}

		if (!this.#ended) {
			this.#ended = true;
			this.#arrival.clear();
			for (const connection of this.#idle) connection.close();
			if (this.onEnd !== null) this.onEnd();
		}

		return true;
	}

	/** Begins as many requests as there are idle connections and arrivals. */
	#pump(): void {
		const {count} = this.options;
		const now = this.stack.environment.now();
		while (!this.#stopped && (count === 0 || this.begun < count) && (!this.isOpenLoop || this.#length > 0)) {
			const connection = this.#idle.pop();
			if (connection === undefined) {
				return;
			}

			let since = now;
			if (this.isOpenLoop) {
				since = this.#waiting[this.#first++ & (arrivalLimit - 1)];
				this.#length--;
			}

			this.begun++;
			connection.begin(since);
		}
	}

	#arrive(): void {
		const now = this.stack.environment.now();
		while (this.#nextArrival <= now) {
			if (this.#length < arrivalLimit) {
				this.#waiting[(this.#first + this.#length++) & (arrivalLimit - 1)] = this.#nextArrival;
			} else {
				this.skipped++;
			}

			this.#arrivals++;
			const {rate, rateProcess} = this.options;
			if (rateProcess === 'poisson') this.#nextArrival += Math.max(1, this.random.exponential(second / rate));
			else this.#nextArrival = this.#start + Math.round((this.#arrivals * second) / rate);
		}

		this.#pump();
		if (!this.#stopped && !this.#ended) this.#arrival.set(this.#nextArrival - now);
	}
}
