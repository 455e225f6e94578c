/**
Ethernet between two stations, as a NIC's PHY meets it: frames with an FCS that fits or does not, a link that is up or down, and a rate.
What a frame takes of the wire: 8 bytes of preamble, the frame, 4 of FCS, 12 of gap (IEEE 802.3).
*/

export const preambleBytes = 8;
export const frameCheckBytes = 4;
export const gapBytes = 12;
/** Smallest frame with its FCS; shorter ones are padded by the sender's MAC. */
export const minimumFrame = 64;

/** A frame under way: from the destination address to the last byte before the FCS. Pooled: whoever is handed one gives it on or back. */
export interface WireFrame {
	readonly bytes: Buffer;
	length: number;
	/** The FCS does not fit the bytes: whoever checks it finds out. The four bytes themselves are not computed. */
	damaged: boolean;
	/** What an impairment or a fault did to it, for captures; '' for nothing. */
	note: string;
	/** Identity for the trace, 0 for none. */
	identity: number;
}

/** What a station hears. */
export interface WireStation {
	/** The last bit of a frame has arrived. The station owes the frame back: `wire.release(frame)`. */
	receive(frame: WireFrame): void;
	/** The link came up or went down. */
	linkChanged(up: boolean): void;
}

/** One end of a full-duplex link, as its station uses it. */
export interface WireEnd {
	/** Bits per second. */
	readonly rate: number;
	readonly up: boolean;
	/** An empty frame to fill, of at least `bytes`. */
	frame(bytes: number): WireFrame;
	release(frame: WireFrame): void;
	/**
	Puts a frame on the wire now. The station sends one frame at a time: the wire is free again after the returned nanoseconds (preamble,
	frame, FCS, gap). On a link that is down the frame is lost.
	*/
	send(frame: WireFrame): number;
}
