/** A user of TCP sockets for tests: sends a pattern, checks the other side's, and keeps what it was told. */
import {StreamPattern} from '../../source/net/stream-pattern.js';
import type {TcpSocket, TcpUser} from '../../source/net/tcp-user.js';

export class TestUser implements TcpUser {
	readonly told: string[] = [];
	received = 0;
	/** Bytes that were not those of their place, and calls that did not go on where the last one ended. */
	wrong = 0;
	acknowledgedTo = 0;
	/** Bytes it will still take; then it refuses until `resume`. */
	appetite = Number.POSITIVE_INFINITY;
	/** Closes its side when the peer has. */
	closesToo = true;
	socket: TcpSocket | null = null;
	readonly #sends: StreamPattern;
	readonly #expects: StreamPattern;

	constructor(sends = 1, expects = 2) {
		this.#sends = new StreamPattern(sends);
		this.#expects = new StreamPattern(expects);
	}

	connected(socket: TcpSocket): void {
		this.socket = socket;
		this.told.push('connected');
	}

	fill(_socket: TcpSocket, memory: Buffer, offset: number, position: number, length: number): void {
		this.#sends.fill(memory, offset, position, length);
	}

	take(_socket: TcpSocket, memory: Buffer, offset: number, position: number, length: number): number {
		const bytes = Math.min(length, this.appetite);
		if (position !== this.received || !this.#expects.matches(memory, offset, position, bytes)) this.wrong++;
		this.received += bytes;
		this.appetite -= bytes;
		return bytes;
	}

	acknowledged(_socket: TcpSocket, position: number): void {
		if (position < this.acknowledgedTo) this.wrong++;
		this.acknowledgedTo = position;
	}

	peerFinished(socket: TcpSocket): void {
		this.told.push('peer finished');
		if (this.closesToo) socket.close();
	}

	closed(_socket: TcpSocket, reason: string): void {
		this.told.push(reason);
	}
}
