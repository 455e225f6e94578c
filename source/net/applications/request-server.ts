/**
The answering side of requests over TCP: each request begins with 8 bytes that say its own length and that of the response wanted, both
32-bit in network order. One connection carries one request after another.
*/
import {read32} from '../bytes.js';
import type {NetworkStack} from '../stack.js';
import type {StreamPattern} from '../stream-pattern.js';
import type {TcpSocket, TcpUser} from '../tcp-user.js';
import {answererPattern, openerPattern} from './client-stream.js';

export const requestHeaderBytes = 8;
/** Longest request and response, bytes: what a scenario may ask for, too. */
export const mostMessageBytes = 1024 * 1024 * 1024;

export class RequestServer {
	connections = 0;
	requests = 0;
	/** Pieces of requests that were not the opener's pattern, and headers that make no sense. */
	wrong = 0;
	/**
	Told of each request that is complete; it says `session.respond(bytes)` when the work for it is done. Without it the answer is sent
	at once.
	*/
	onRequest: ((session: RequestSession, responseBytes: number) => void) | null = null;

	constructor(
		private readonly stack: NetworkStack,
		readonly port: number,
	) {}

	start(): void {
		this.stack.tcp.listen(this.port, (socket) => {
			this.connections++;
			return new RequestSession(this, socket);
		});
	}

	stop(): void {
		this.stack.tcp.unlisten(this.port);
	}
}

export class RequestSession implements TcpUser {
	readonly #sends: StreamPattern;
	readonly #expects: StreamPattern;
	readonly #header = Buffer.alloc(requestHeaderBytes);
	/** Bytes of the request under way that have come. */
	#come = 0;
	#length = 0;
	#unanswered = 0;
	#peerFinished = false;
	#isGone = false;

	constructor(
		private readonly server: RequestServer,
		private readonly socket: TcpSocket,
	) {
		this.#sends = answererPattern(socket.remotePort);
		this.#expects = openerPattern(socket.remotePort);
	}

	/** Sends a response. The connection may be gone by then. */
	respond(bytes: number): void {
		this.#unanswered--;
		if (this.#isGone) {
			return;
		}

		this.socket.offer(bytes);
		if (this.#peerFinished && this.#unanswered === 0) this.socket.close();
	}

	connected(): void {}

	fill(_socket: TcpSocket, memory: Buffer, offset: number, position: number, length: number): void {
		this.#sends.fill(memory, offset, position, length);
	}

	take(socket: TcpSocket, memory: Buffer, offset: number, position: number, length: number): number {
		let done = 0;
		while (done < length) {
			if (this.#come < requestHeaderBytes) {
				const bytes = Math.min(requestHeaderBytes - this.#come, length - done);
				memory.copy(this.#header, this.#come, offset + done, offset + done + bytes);
				this.#come += bytes;
				done += bytes;
				if (this.#come === requestHeaderBytes && !this.#takeHeader()) {
					this.server.wrong++;
					socket.abort();
					return length;
				}
			} else {
				const bytes = Math.min(this.#length - this.#come, length - done);
				if (!this.#expects.matches(memory, offset + done, position + done, bytes)) this.server.wrong++;
				this.#come += bytes;
				done += bytes;
			}

			if (this.#come >= requestHeaderBytes && this.#come === this.#length) this.#complete();
		}

		return length;
	}

	acknowledged(): void {}

	peerFinished(socket: TcpSocket): void {
		this.#peerFinished = true;
		if (this.#unanswered === 0) socket.close();
	}

	closed(): void {
		this.#isGone = true;
	}

	#takeHeader(): boolean {
		this.#length = read32(this.#header, 0);
		const response = read32(this.#header, 4);
		const isLength = (bytes: number, least: number) => bytes >= least && bytes <= mostMessageBytes;
		return isLength(this.#length, requestHeaderBytes) && isLength(response, 1);
	}

	#complete(): void {
		this.#come = 0;
		this.#unanswered++;
		this.server.requests++;
		const response = read32(this.#header, 4);
		if (this.server.onRequest === null) this.respond(response);
		else this.server.onRequest(this, response);
	}
}
