/**
One TCP connection (RFC 9293): its states and what it makes of each segment that arrives. The halves are in tcp-sender.ts and
tcp-receiver.ts, the segments it sends in tcp-output.ts. Blind resets and SYNs are met as RFC 5961 says, old duplicates as RFC 7323 says.
*/
import type {PacketBuffer} from './packet-buffer.js';
import * as tcp from './tcp.js';
import {type TcpHost, TcpOutput} from './tcp-output.js';
import {TcpReceiver} from './tcp-receiver.js';
import type {TcpSegment} from './tcp-segment.js';
import {TcpSender} from './tcp-sender.js';
import type {CloseReason, TcpState} from './tcp-settings.js';
import type {TcpSocket, TcpUser} from './tcp-user.js';
import type {Timer} from './timers.js';
import {type Transmitter, type Turn, turnDone, turnFull, turnMore, turnWaits} from './turns.js';

/** Timeouts in a row after which Linux gives up: tcp_syn_retries, tcp_retries2. */
const synRetries = 6;
const dataRetries = 15;
/** Twice the maximum segment lifetime, as Linux has it. */
const timeWaitNanoseconds = 60_000_000_000;

/** Where connections are kept. */
export interface TcpOwner extends TcpHost {
	/** Connections in TIME-WAIT, and how many there may be. */
	waiting: number;
	readonly mostWaiting: number;
	/** The connection's ports are free again. */
	remove(connection: TcpConnection): void;
}

export class TcpConnection implements Transmitter, TcpSocket {
	state: TcpState;
	queued = false;
	/** The next connection with the same hash. Kept by the table. */
	nextInTable: TcpConnection | null = null;
	readonly sender: TcpSender;
	readonly receiver: TcpReceiver;
	private readonly output: TcpOutput;
	private readonly retransmission: Timer;
	private readonly delayed: Timer;
	private closedTold = false;
	private peerFinishedTold = false;

	/** @param passive true for one that is about to be handed the SYN it answers. */
	constructor(
		private readonly owner: TcpOwner,
		readonly localPort: number,
		readonly remote: number,
		readonly remotePort: number,
		public user: TcpUser,
		passive: boolean,
	) {
		const {ip, settings, counters} = owner;
		this.state = passive ? 'LISTEN' : 'SYN-SENT';
		this.sender = new TcpSender(ip.environment.random.next() | 0, counters);
		this.sender.nagle = settings.nagle;
		this.receiver = new TcpReceiver(settings.receiveBuffer, counters, (memory, offset, position, length) =>
			this.user.take(this, memory, offset, position, length),
		);
		this.output = new TcpOutput(owner, this, (memory, offset, position, length) =>
			this.user.fill(this, memory, offset, position, length),
		);
		this.retransmission = ip.timers.add(() => this.expired());
		this.delayed = ip.timers.add(() => {
			if (this.receiver.ackLater) this.receiver.ackNow = true;
			this.want();
		});
	}

	offer(bytes: number): void {
		this.sender.end += bytes;
		this.want();
	}

	withdraw(): void {
		const {sender} = this;
		if (!sender.finished) sender.end = Math.max(0, sender.position + ((sender.highest - sender.una) | 0));
	}

	close(): void {
		if (this.sender.finished || this.state === 'CLOSED' || this.state === 'TIME-WAIT') {
			return;
		}

		this.sender.finished = true;
		// While the handshake is under way the FIN waits for its end.
		if (this.state === 'CLOSE-WAIT') this.state = 'LAST-ACK';
		else if (this.state === 'ESTABLISHED') this.state = 'FIN-WAIT-1';
		this.want();
	}

	abort(): void {
		if (this.state !== 'CLOSED' && this.state !== 'SYN-SENT' && this.state !== 'TIME-WAIT') {
			this.output.segment(this.sender.bareSequence, 0, 0, tcp.flagRst | tcp.flagAck);
			this.owner.counters.resetsSent++;
		}

		this.end('aborted');
	}

	resume(): void {
		if (this.receiver.resume()) this.receiver.ackNow = true;
		this.tellFinished();
		this.want();
	}

	transmit(): Turn {
		if (this.isGone) return turnDone;
		const {ip} = this.owner;
		const hop = ip.nextHop(this.remote);
		if (hop === undefined || (hop.unreachable && this.state === 'SYN-SENT')) {
			this.end('unreachable');
			return turnDone;
		}

		if (!ip.neighbours.isUsable(hop, this)) {
			// Whoever has data to send gives up some time, even when nobody tells the neighbour's address.
			if (this.state !== 'SYN-SENT') this.keepTimer();
			return turnWaits;
		}

		if (this.state === 'SYN-SENT' || this.state === 'SYN-RECEIVED') {
			return this.transmitSyn();
		}

		if (this.state !== 'TIME-WAIT' && this.sender.choose(this.output.most, ip.environment.now())) {
			return this.transmitChosen();
		}

		this.keepTimer();
		if (!this.receiver.ackNow) return turnDone;
		this.delayed.clear();
		return this.output.segment(this.sender.bareSequence, 0, 0, tcp.flagAck) ? turnDone : turnFull;
	}

	/** A segment for this connection has arrived in `packet`. */
	input(packet: PacketBuffer, segment: TcpSegment): void {
		if (this.state === 'LISTEN') {
			this.output.agree(segment);
			this.state = 'SYN-RECEIVED';
		} else if (this.state === 'SYN-SENT') this.inputSynSent(segment);
		else this.inputSynchronized(packet, segment);
		if (this.isGone) {
			return;
		}

		const {receiver} = this;
		if (receiver.ackLater && !receiver.ackNow) {
			const wait = this.owner.settings.delayedAck;
			if (wait === 0) receiver.ackNow = true;
			else if (!this.delayed.isSet) this.delayed.set(wait);
		}

		this.want();
	}

	/** Ends the connection and tells its user. */
	end(reason: CloseReason): void {
		if (!this.isGone) {
			if (this.state === 'TIME-WAIT') this.owner.waiting--;
			this.state = 'CLOSED';
			this.retransmission.release();
			this.delayed.release();
			this.owner.remove(this);
		}

		this.tellClosed(reason);
	}

	/** Also after its user was told of something: it may have ended it. */
	private get isGone(): boolean {
		return this.state === 'CLOSED';
	}

	private want(): void {
		if (!this.isGone) this.owner.ip.turns.want(this);
	}

	private transmitChosen(): Turn {
		if (!this.output.chosen()) return turnFull;
		this.delayed.clear();
		this.keepTimer();
		return turnMore;
	}

	private transmitSyn(): Turn {
		if (this.sender.flight > 0) return turnDone;
		const flags = this.state === 'SYN-RECEIVED' ? tcp.flagSyn | tcp.flagAck : tcp.flagSyn;
		if (!this.output.syn(flags)) return turnFull;
		this.keepTimer();
		return turnDone;
	}

	private inputSynSent(segment: TcpSegment): void {
		const {sender} = this;
		if (segment.isAck && segment.acknowledgment !== sender.highest) {
			return;
		}

		if (segment.isRst) {
			if (segment.isAck) {
				this.owner.counters.resetsReceived++;
				this.end('refused');
			}

			return;
		}

		if (!segment.isSyn) return;
		this.output.agree(segment);
		if (segment.isAck) {
			this.receiver.ackNow = true;
			this.establish(segment);
		} else {
			// Both sides opened at once: our SYN is sent again, with an acknowledgment of theirs.
			this.state = 'SYN-RECEIVED';
			sender.next = sender.una;
		}
	}

	/** Our SYN is acknowledged. The window of a SYN is not scaled. */
	private establish(segment: TcpSegment): void {
		const {sender, owner} = this;
		const {retries} = sender;
		sender.acknowledge(segment.acknowledgment, owner.ip.environment.now(), this.output.echoed(segment));
		sender.retries = retries;
		const window = segment.isSyn ? segment.window : segment.window << sender.scale;
		sender.begin(sender.mss, window, segment.sequence, segment.acknowledgment);
		this.retransmission.clear();
		this.state = sender.finished ? 'FIN-WAIT-1' : 'ESTABLISHED';
		this.user.connected(this);
	}

	private inputSynchronized(packet: PacketBuffer, segment: TcpSegment): void {
		const {receiver, sender} = this;
		const {sequence} = segment;
		if (this.state === 'SYN-RECEIVED' && segment.isSyn && ((sequence + 1) | 0) === receiver.next) {
			// Ours was not heard, or both sides opened at once and this is the answer.
			if (segment.isAck && segment.acknowledgment === sender.highest) this.inputSynSent(segment);
			else sender.next = sender.una;
			return;
		}

		if (!segment.isRst && (this.output.isOld(segment) || !receiver.accepts(sequence, segment.end))) {
			receiver.ackNow = true;
			return;
		}

		if (segment.isRst || segment.isSyn) {
			this.inputResetOrSyn(segment);
			return;
		}

		if (!segment.isAck) return;
		this.output.noteTimestamp(segment);
		if (!this.inputAcknowledgment(segment)) return;
		if (segment.length > 0) receiver.data(packet, segment.payload, sequence, segment.length);
		if (segment.isFin) this.noteFin(segment.end);
		this.takeFin();
	}

	private inputResetOrSyn(segment: TcpSegment): void {
		const {receiver, owner} = this;
		const ahead = (segment.sequence - receiver.next) | 0;
		if (segment.isRst && ahead === 0) {
			owner.counters.resetsReceived++;
			this.end(this.state === 'SYN-RECEIVED' ? 'refused' : 'reset');
		} else if (!segment.isRst || (ahead > 0 && ahead < receiver.free)) {
			receiver.ackNow = true;
		}
	}

	/** @returns false when the rest of the segment is not to be looked at. */
	private inputAcknowledgment(segment: TcpSegment): boolean {
		const {sender, receiver} = this;
		const {acknowledgment, sequence} = segment;
		if (((acknowledgment - sender.highest) | 0) > 0) {
			// It acknowledges what was never sent.
			receiver.ackNow = true;
			return false;
		}

		if (this.state === 'SYN-RECEIVED') {
			if (acknowledgment !== sender.highest) return false;
			this.establish(segment);
			return !this.isGone;
		}

		const window = segment.window << sender.scale;
		const ahead = (acknowledgment - sender.una) | 0;
		if (ahead > 0) {
			this.advance(segment, window);
		} else if (ahead === 0) {
			const isBare = segment.length === 0 && !segment.isFin;
			const isDuplicate = isBare && window === sender.window && sender.flight > 0;
			sender.updateWindow(window, sequence, acknowledgment);
			// The answer to a probe: the peer lives.
			if (sender.flight === 0) sender.retries = 0;
			if (isDuplicate) sender.duplicate();
		}

		return !this.isGone;
	}

	private advance(segment: TcpSegment, window: number): void {
		const {sender, owner} = this;
		sender.acknowledge(segment.acknowledgment, owner.ip.environment.now(), this.output.echoed(segment));
		sender.updateWindow(window, segment.sequence, segment.acknowledgment);
		if (sender.una === sender.highest) this.retransmission.clear();
		else this.retransmission.set(sender.roundTrip.timeout);
		this.user.acknowledged(this, Math.min(sender.position, sender.end));
		if (!sender.isDone) {
			return;
		}

		if (this.state === 'FIN-WAIT-1') this.state = 'FIN-WAIT-2';
		else if (this.state === 'CLOSING') this.timeWait();
		else if (this.state === 'LAST-ACK') this.end('finished');
	}

	private noteFin(end: number): void {
		const {receiver} = this;
		if (receiver.finTaken) {
			// Our acknowledgment of it was lost.
			receiver.ackNow = true;
			if (this.state === 'TIME-WAIT') this.retransmission.set(timeWaitNanoseconds);
			return;
		}

		receiver.finKnown = true;
		receiver.finSequence = (end - 1) | 0;
	}

	/** The peer's FIN counts when everything before it has come. */
	private takeFin(): void {
		const {receiver} = this;
		if (!receiver.finKnown || receiver.finSequence !== receiver.next || receiver.finTaken || this.isGone) {
			return;
		}

		receiver.takeFin();
		receiver.ackNow = true;
		if (this.state === 'ESTABLISHED') this.state = 'CLOSE-WAIT';
		else if (this.state === 'FIN-WAIT-1') this.state = 'CLOSING';
		else if (this.state === 'FIN-WAIT-2') this.timeWait();
		this.tellFinished();
	}

	private timeWait(): void {
		if (this.owner.waiting >= this.owner.mostWaiting) {
			this.owner.counters.timeWaitOverflows++;
			this.output.segment(this.sender.bareSequence, 0, 0, tcp.flagAck);
			this.tellFinished();
			this.end('finished');
			return;
		}

		this.state = 'TIME-WAIT';
		this.owner.waiting++;
		this.retransmission.set(timeWaitNanoseconds);
		this.tellFinished();
		this.tellClosed('finished');
	}

	private tellFinished(): void {
		if (this.receiver.finTaken && this.receiver.unread === 0 && !this.peerFinishedTold) {
			this.peerFinishedTold = true;
			this.user.peerFinished(this);
		}
	}

	private tellClosed(reason: CloseReason): void {
		if (!this.closedTold) {
			this.closedTold = true;
			this.user.closed(this, reason);
		}
	}

	/** Whatever is outstanding is watched by the timer, be it a closed window or an address that nobody tells. */
	private keepTimer(): void {
		if (!this.retransmission.isSet && this.sender.isOutstanding) {
			this.retransmission.set(this.sender.roundTrip.timeout);
		}
	}

	private expired(): void {
		const {sender} = this;
		if (this.state === 'TIME-WAIT') {
			this.end('finished');
		} else if (sender.retries >= (sender.position < 0 ? synRetries : dataRetries)) {
			this.end('timed out');
		} else if (sender.isOutstanding) {
			sender.timeout();
			this.retransmission.set(sender.roundTrip.timeout);
			this.want();
		}
	}
}
