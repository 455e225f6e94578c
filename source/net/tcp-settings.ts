/** How a host's TCP is set, its states' names (RFC 9293 3.3.2) and its counters. */

export interface TcpSettings {
	/** RFC 7323 timestamps are offered (net.ipv4.tcp_timestamps). */
	readonly timestamps: boolean;
	/** RFC 7323 window scaling is offered (net.ipv4.tcp_window_scaling). */
	readonly windowScaling: boolean;
	/** Receive buffer of a connection, bytes, a power of two: what it offers as its window. */
	readonly receiveBuffer: number;
	/** A small segment waits while an earlier small one is unacknowledged (off: TCP_NODELAY). */
	readonly nagle: boolean;
	/** How long an acknowledgment may wait for company, ns; 0: never. */
	readonly delayedAck: number;
}

export const defaultTcpSettings: TcpSettings = {
	timestamps: true,
	windowScaling: true,
	receiveBuffer: 512 * 1024,
	nagle: true,
	delayedAck: 40_000_000,
};

export type TcpState =
	| 'LISTEN'
	| 'SYN-SENT'
	| 'SYN-RECEIVED'
	| 'ESTABLISHED'
	| 'FIN-WAIT-1'
	| 'FIN-WAIT-2'
	| 'CLOSE-WAIT'
	| 'CLOSING'
	| 'LAST-ACK'
	| 'TIME-WAIT'
	| 'CLOSED';

/** How a connection ended: both sides finished, or why not. */
export type CloseReason = 'finished' | 'refused' | 'reset' | 'timed out' | 'unreachable' | 'aborted';

/** Counters of one host's TCP, as `nstat` names some of them. */
export class TcpCounters {
	segmentsSent = 0;
	segmentsReceived = 0;
	/** Of those sent, data that had been sent before. */
	retransmitted = 0;
	/** Bytes of payload: sent for the first time, and handed to users in order. */
	bytesSent = 0;
	bytesReceived = 0;
	fastRetransmits = 0;
	timeouts = 0;
	outOfOrder = 0;
	duplicates = 0;
	windowProbes = 0;
	resetsSent = 0;
	resetsReceived = 0;
	activeOpens = 0;
	passiveOpens = 0;
	timeWaitOverflows = 0;
}
