/** A TCP connection as its user sees it, and what it asks of its user. */
import type {TcpReceiver} from './tcp-receiver.js';
import type {TcpSender} from './tcp-sender.js';
import type {CloseReason, TcpState} from './tcp-settings.js';

export interface TcpSocket {
	readonly state: TcpState;
	readonly localPort: number;
	/** Signed 32-bit address. */
	readonly remote: number;
	readonly remotePort: number;
	/** For figures: congestion window, round-trip time, what is in flight. */
	readonly sender: TcpSender;
	readonly receiver: TcpReceiver;
	/** Offers `bytes` more to send; `fill` is asked for them when they are sent. */
	offer(bytes: number): void;
	/** Takes back what was offered and not sent. */
	withdraw(): void;
	/** No more is offered: a FIN follows what was. The peer may go on sending. */
	close(): void;
	/** Ends it at once; the peer is told by a reset. */
	abort(): void;
	/** The user takes again what it refused. */
	resume(): void;
}

/** Who uses a connection: it produces what is sent, takes what arrives, and hears what happens. */
export interface TcpUser {
	/** The handshake is over. */
	connected(socket: TcpSocket): void;
	/** Writes `length` bytes of the stream to send, from `position` on, to `offset` of `memory`; asked again for what is sent again. */
	fill(socket: TcpSocket, memory: Buffer, offset: number, position: number, length: number): void;
	/** Takes bytes that arrived, in order; returns how many. After fewer than `length` it says `resume` when it takes more. */
	take(socket: TcpSocket, memory: Buffer, offset: number, position: number, length: number): number;
	/** The peer has everything before `position`. */
	acknowledged(socket: TcpSocket, position: number): void;
	/** The peer sends no more; everything it sent has been taken. */
	peerFinished(socket: TcpSocket): void;
	/** The connection is gone, or nothing more than a TIME-WAIT remains of it. Said once. */
	closed(socket: TcpSocket, reason: CloseReason): void;
}
