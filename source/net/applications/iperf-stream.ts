/** One end of one iperf3 TCP stream: sends a pattern at its pace, or checks the one that comes. */
import type {NetworkStack} from '../stack.js';
import type {StreamPattern} from '../stream-pattern.js';
import type {CloseReason} from '../tcp-settings.js';
import type {TcpSocket, TcpUser} from '../tcp-user.js';
import type {Timer} from '../timers.js';
import {answererPattern, openerPattern} from './client-stream.js';
import {cookieBytes, Pace, pacingInterval, readCookie, type StreamOptions, writeCookie} from './iperf-test.js';

/** Offered when there is no limit: taken back when the time is over. */
const endless = 1_125_899_906_842_624;

export class IperfStream implements TcpUser {
	/** Bytes the peer has acknowledged, and bytes received; without the cookie. */
	sent = 0;
	received = 0;
	/** Pieces received that were not what belongs at their place. */
	wrong = 0;
	begunAt = -1;
	endedAt = -1;
	/** Why it ended; '' while it runs. */
	reason: CloseReason | '' = '';
	socket: TcpSocket | null = null;
	/** Told once, when it has ended. */
	onEnd: ((stream: IperfStream) => void) | null = null;
	private readonly cookie = Buffer.alloc(cookieBytes);
	private pace: Pace | null = null;
	private sends: StreamPattern | null = null;
	private expects: StreamPattern | null = null;
	private offered = 0;
	private readonly timer: Timer;

	/** @param options null at the server: they come with the cookie. */
	constructor(
		private readonly stack: NetworkStack,
		private readonly options: StreamOptions | null,
	) {
		this.timer = stack.ip.timers.add(() => this.tick());
		if (options !== null) writeCookie(this.cookie, options);
	}

	/** Nothing is sent any more; what was sent is still delivered. */
	stop(): void {
		this.timer.clear();
		this.socket?.withdraw();
		this.socket?.close();
	}

	connected(socket: TcpSocket): void {
		this.socket = socket;
		const opener = this.options === null ? socket.remotePort : socket.localPort;
		const isOpener = this.options !== null;
		this.sends = isOpener ? openerPattern(opener) : answererPattern(opener);
		this.expects = isOpener ? answererPattern(opener) : openerPattern(opener);
		this.begunAt = this.stack.environment.now();
		if (this.options !== null) {
			socket.offer(cookieBytes);
			if (!this.options.reverse) this.begin(this.options);
		}
	}

	fill(_socket: TcpSocket, memory: Buffer, offset: number, position: number, length: number): void {
		const head = this.options === null ? 0 : Math.max(0, Math.min(length, cookieBytes - position));
		if (head > 0) this.cookie.copy(memory, offset, position, position + head);
		if (length > head) this.sends?.fill(memory, offset + head, position + head, length - head);
	}

	take(_socket: TcpSocket, memory: Buffer, offset: number, position: number, length: number): number {
		let head = 0;
		if (this.options === null && position < cookieBytes) {
			head = Math.min(length, cookieBytes - position);
			memory.copy(this.cookie, position, offset, offset + head);
			if (position + head === cookieBytes) this.takeCookie();
		}

		if (length > head) {
			this.received += length - head;
			if (!this.expects?.matches(memory, offset + head, position + head, length - head)) this.wrong++;
		}

		return length;
	}

	acknowledged(_socket: TcpSocket, position: number): void {
		this.sent = Math.max(0, position - (this.options === null ? 0 : cookieBytes));
	}

	peerFinished(socket: TcpSocket): void {
		socket.close();
	}

	closed(_socket: TcpSocket, reason: CloseReason): void {
		this.reason = reason;
		this.endedAt = this.stack.environment.now();
		this.timer.release();
		if (this.onEnd !== null) this.onEnd(this);
	}

	private takeCookie(): void {
		const options = readCookie(this.cookie);
		if (options === undefined) this.wrong++;
		else if (options.reverse) this.begin(options);
	}

	private begin(options: StreamOptions): void {
		this.pace = new Pace(options);
		this.pace.begin(this.stack.environment.now());
		this.tick();
	}

	private tick(): void {
		const {socket} = this;
		const pace = this.pace;
		if (socket === null || pace === null) {
			return;
		}

		const now = this.stack.environment.now();
		if (pace.isOver(now)) {
			this.stop();
			return;
		}

		const allowed = Math.min(endless, pace.allowed(now));
		if (allowed > this.offered) {
			socket.offer(allowed - this.offered);
			this.offered = allowed;
		}

		if (pace.options.bytes > 0 && this.offered >= pace.options.bytes) {
			socket.close();
			return;
		}

		const wait = Math.min(pace.left(now), pace.options.bitrate > 0 ? pacingInterval : Number.POSITIVE_INFINITY);
		if (wait !== Number.POSITIVE_INFINITY) this.timer.set(wait);
	}
}
