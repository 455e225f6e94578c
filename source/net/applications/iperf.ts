/** iperf3 over TCP: a client of parallel streams in one direction or both, and a server that serves any number of them. */
import type {NetworkStack} from '../stack.js';
import {IperfStream} from './iperf-stream.js';
import type {StreamOptions} from './iperf-test.js';

export const iperfPort = 5201;

export interface IperfOptions extends StreamOptions {
	readonly to: number;
	readonly port: number;
	/** Streams at once (`-P`). */
	readonly parallel: number;
	/** Both directions at once (`--bidir`): twice as many streams. */
	readonly bidir: boolean;
}

export class IperfClient {
	readonly streams: IperfStream[] = [];
	/** Streams that have ended. */
	ended = 0;
	/** Told once, when all have ended. */
	onEnd: (() => void) | null = null;

	constructor(
		private readonly stack: NetworkStack,
		readonly options: IperfOptions,
	) {}

	start(): void {
		const {parallel, bidir, reverse} = this.options;
		this.stack.run(() => {
			for (let i = 0; i < parallel; i++) {
				this.#open(reverse);
				if (bidir) this.#open(!reverse);
			}
		});
	}

	stop(): void {
		this.stack.run(() => {
			for (const stream of this.streams) stream.stop();
		});
	}

	get sent(): number {
		return this.streams.reduce((sum, {sent}) => sum + sent, 0);
	}

	get received(): number {
		return this.streams.reduce((sum, {received}) => sum + received, 0);
	}

	get wrong(): number {
		return this.streams.reduce((sum, {wrong}) => sum + wrong, 0);
	}

	#open(reverse: boolean): void {
		const {to, port} = this.options;
		const stream = new IperfStream(this.stack, {...this.options, reverse});
		stream.onEnd = () => {
			this.ended++;
			if (this.ended === this.streams.length && this.onEnd !== null) this.onEnd();
		};
		this.streams.push(stream);
		const socket = this.stack.tcp.connect(to, port, stream);
		if (socket !== undefined) stream.socket = socket;
	}
}

export class IperfServer {
	/** Streams that run; what ended ones carried is in the totals. */
	readonly streams = new Set<IperfStream>();
	accepted = 0;
	#received = 0;
	#sent = 0;
	#wrong = 0;

	constructor(
		private readonly stack: NetworkStack,
		readonly port = iperfPort,
	) {}

	start(): void {
		this.stack.tcp.listen(this.port, () => {
			const stream = new IperfStream(this.stack, null);
			this.accepted++;
			this.streams.add(stream);
			stream.onEnd = () => {
				this.streams.delete(stream);
				this.#received += stream.received;
				this.#sent += stream.sent;
				this.#wrong += stream.wrong;
			};
			return stream;
		});
	}

	stop(): void {
		this.stack.tcp.unlisten(this.port);
	}

	get received(): number {
		return this.#sum(this.#received, ({received}) => received);
	}

	get sent(): number {
		return this.#sum(this.#sent, ({sent}) => sent);
	}

	get wrong(): number {
		return this.#sum(this.#wrong, ({wrong}) => wrong);
	}

	#sum(ended: number, of: (stream: IperfStream) => number): number {
		let sum = ended;
		for (const stream of this.streams) sum += of(stream);
		return sum;
	}
}
