/** The small services: discard (RFC 863) takes everything, chargen (RFC 864) sends for ever, echo (RFC 862) gives back. */
import type {NetworkStack} from '../stack.js';
import type {StreamPattern} from '../stream-pattern.js';
import type {TcpSocket, TcpUser} from '../tcp-user.js';
import {answererPattern, openerPattern} from './client-stream.js';

const echoBytes = 65_536;
/** Offered at once by a source, and again when half of it is acknowledged. */
const sourceBytes = 1 << 30;

export class ServiceCounters {
	connections = 0;
	received = 0;
	sent = 0;
	/** Pieces received that were not the opener's pattern. */
	wrong = 0;
}

/** Takes what any connection brings, and checks that it is the opener's pattern. */
export function discard(stack: NetworkStack, port: number, counters = new ServiceCounters()): ServiceCounters {
	stack.tcp.listen(port, (socket) => {
		counters.connections++;
		return new Discard(openerPattern(socket.remotePort), counters);
	});
	return counters;
}

/** Sends a pattern over any connection until the peer ends it. */
export function source(stack: NetworkStack, port: number, counters = new ServiceCounters()): ServiceCounters {
	stack.tcp.listen(port, (socket) => {
		counters.connections++;
		return new Source(answererPattern(socket.remotePort), counters);
	});
	return counters;
}

/** Gives back what any connection brings; what is not acknowledged yet is kept, and no more than 64 KiB of it. */
export function echo(stack: NetworkStack, port: number, counters = new ServiceCounters()): ServiceCounters {
	stack.tcp.listen(port, () => {
		counters.connections++;
		return new Echo(counters);
	});
	return counters;
}

class Discard implements TcpUser {
	constructor(
		private readonly expects: StreamPattern,
		private readonly counters: ServiceCounters,
	) {}

	connected(): void {}
	fill(): void {}
	acknowledged(): void {}
	closed(): void {}

	take(_socket: TcpSocket, memory: Buffer, offset: number, position: number, length: number): number {
		this.counters.received += length;
		if (!this.expects.matches(memory, offset, position, length)) this.counters.wrong++;
		return length;
	}

	peerFinished(socket: TcpSocket): void {
		socket.close();
	}
}

class Source implements TcpUser {
	#offered = 0;
	#acknowledged = 0;

	constructor(
		private readonly sends: StreamPattern,
		private readonly counters: ServiceCounters,
	) {}

	connected(socket: TcpSocket): void {
		this.#offer(socket);
	}

	fill(_socket: TcpSocket, memory: Buffer, offset: number, position: number, length: number): void {
		this.sends.fill(memory, offset, position, length);
	}

	take(_socket: TcpSocket, _memory: Buffer, _offset: number, _position: number, length: number): number {
		return length;
	}

	acknowledged(socket: TcpSocket, position: number): void {
		this.counters.sent += position - this.#acknowledged;
		this.#acknowledged = position;
		if (this.#offered - position < sourceBytes / 2 && socket.state === 'ESTABLISHED') this.#offer(socket);
	}

	peerFinished(socket: TcpSocket): void {
		socket.withdraw();
		socket.close();
	}

	closed(): void {}

	#offer(socket: TcpSocket): void {
		this.#offered += sourceBytes;
		socket.offer(sourceBytes);
	}
}

class Echo implements TcpUser {
	readonly #kept = Buffer.alloc(echoBytes);
	#taken = 0;
	#acknowledged = 0;

	constructor(private readonly counters: ServiceCounters) {}

	connected(): void {}
	closed(): void {}

	fill(_socket: TcpSocket, memory: Buffer, offset: number, position: number, length: number): void {
		const index = position % echoBytes;
		const first = Math.min(length, echoBytes - index);
		this.#kept.copy(memory, offset, index, index + first);
		if (length > first) this.#kept.copy(memory, offset + first, 0, length - first);
	}

	take(socket: TcpSocket, memory: Buffer, offset: number, position: number, length: number): number {
		const bytes = Math.min(length, echoBytes - (this.#taken - this.#acknowledged));
		const index = position % echoBytes;
		const first = Math.min(bytes, echoBytes - index);
		memory.copy(this.#kept, index, offset, offset + first);
		if (bytes > first) memory.copy(this.#kept, 0, offset + first, offset + bytes);
		this.#taken += bytes;
		this.counters.received += bytes;
		if (bytes > 0) socket.offer(bytes);
		return bytes;
	}

	acknowledged(socket: TcpSocket, position: number): void {
		this.counters.sent += position - this.#acknowledged;
		this.#acknowledged = position;
		socket.resume();
	}

	peerFinished(socket: TcpSocket): void {
		socket.close();
	}
}
