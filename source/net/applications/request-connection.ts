/** One connection of a request client: sends a request, checks the answer, and stays for the next one or ends. */
import type {NetworkStack} from '../stack.js';
import type {StreamPattern} from '../stream-pattern.js';
import type {CloseReason} from '../tcp-settings.js';
import type {TcpSocket, TcpUser} from '../tcp-user.js';
import {answererPattern, openerPattern} from './client-stream.js';
import {requestHeaderBytes} from './request-server.js';

/** Whose connection it is. */
export interface RequestOwner {
	readonly stack: NetworkStack;
	readonly options: {
		readonly to: number;
		readonly port: number;
		readonly request: number;
		readonly response: number;
		readonly connection: 'keep' | 'new';
	};
	/** What every request begins with. */
	readonly header: Buffer;
	connections: number;
	wrong: number;
	/** Requests that failed or whose answer was not what belongs there, each once. */
	errors: number;
	bytesReceived: number;
	finished(connection: RequestConnection, since: number): void;
	gaveUp(connection: RequestConnection): void;
}

export class RequestConnection implements TcpUser {
	#socket: TcpSocket | null = null;
	#sends: StreamPattern | null = null;
	#expects: StreamPattern | null = null;
	/** Bytes of the answer under way that are still to come; 0 when there is none. */
	#left = 0;
	#since = 0;
	/** The request under way counts as an error already. */
	#spoiled = false;

	constructor(private readonly owner: RequestOwner) {}

	/** Sends a request that counts since `since`, over a new connection if there is none. */
	begin(since: number): void {
		const {options, stack} = this.owner;
		this.#since = since;
		this.#left = options.response;
		this.#spoiled = false;
		if (this.#socket !== null) {
			this.#socket.offer(options.request);
			return;
		}

		const socket = stack.tcp.connect(options.to, options.port, this, false);
		if (socket === undefined) {
			this.#left = 0;
			this.#spoil();
			this.owner.gaveUp(this);
			return;
		}

		this.owner.connections++;
		this.#socket = socket;
		this.#sends = openerPattern(socket.localPort);
		this.#expects = answererPattern(socket.localPort);
		socket.offer(options.request);
	}

	/** Ends the connection if it has one and nothing is under way. */
	close(): void {
		if (this.#left === 0 && this.#socket !== null) {
			this.#socket.close();
			this.#socket = null;
		}
	}

	connected(): void {}

	fill(_socket: TcpSocket, memory: Buffer, offset: number, position: number, length: number): void {
		const {header, options} = this.owner;
		this.#sends?.fill(memory, offset, position, length);
		// Whatever part of a request's first bytes lies in the range is the header instead.
		let begin = Math.floor(position / options.request) * options.request;
		for (; begin < position + length; begin += options.request) {
			const from = Math.max(begin, position);
			const to = Math.min(begin + requestHeaderBytes, position + length);
			if (to > from) header.copy(memory, offset + from - position, from - begin, to - begin);
		}
	}

	take(socket: TcpSocket, memory: Buffer, offset: number, position: number, length: number): number {
		const {owner} = this;
		owner.bytesReceived += length;
		if (length > this.#left || !this.#expects?.matches(memory, offset, position, length)) {
			owner.wrong++;
			this.#spoil();
		}

		this.#left = Math.max(0, this.#left - length);
		if (this.#left === 0) {
			if (owner.options.connection === 'new') {
				this.#socket = null;
				socket.close();
			}

			owner.finished(this, this.#since);
		}

		return length;
	}

	acknowledged(): void {}

	peerFinished(socket: TcpSocket): void {
		socket.close();
		if (socket === this.#socket) this.#lose();
	}

	closed(socket: TcpSocket, _reason: CloseReason): void {
		if (socket === this.#socket) this.#lose();
	}

	/** The connection is of no use any more; a request that was under way is not answered. */
	#lose(): void {
		this.#socket = null;
		if (this.#left > 0) {
			this.#left = 0;
			this.#spoil();
			this.owner.gaveUp(this);
		}
	}

	#spoil(): void {
		if (!this.#spoiled) {
			this.#spoiled = true;
			this.owner.errors++;
		}
	}
}
