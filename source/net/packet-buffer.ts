/**
The bytes of one packet, perhaps scattered: what the protocols read and write. A LAN host's packet is one chunk; a guest's lies in pages.
The headers (Ethernet to TCP) are always whole in the first chunk. The object and its arrays are reused from packet to packet.
*/
import {assert} from '../engine/assert.js';

export class PacketBuffer {
	/** The memory each chunk lies in: a page or a frame's buffer, whole. */
	readonly memory: Buffer[] = [];
	/** Where in its memory each chunk begins, and its bytes. */
	readonly offsets: Int32Array;
	readonly lengths: Int32Array;
	/** Chunks in use. */
	chunks = 0;
	/** Bytes of all chunks. */
	length = 0;

	constructor(mostChunks: number) {
		this.offsets = new Int32Array(mostChunks);
		this.lengths = new Int32Array(mostChunks);
	}

	clear(): void {
		this.chunks = 0;
		this.length = 0;
	}

	add(memory: Buffer, offset: number, length: number): void {
		assert(this.chunks < this.offsets.length, 'a packet has no more chunks than its buffer was made for');
		const index = this.chunks++;
		this.memory[index] = memory;
		this.offsets[index] = offset;
		this.lengths[index] = length;
		this.length += length;
	}
}
