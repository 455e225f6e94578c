/**
The registers of an 82540EM that are only stored, and those whose stored value others look at: a word each, with a mask of what
software may write. What a write sets off is the controller's business. Stored without effect here: flow control (FCAL to FCT, FCTTV,
FCRTL, FCRTH), TIPG, AIT, LEDCTL, VET and VFTA (no VLAN stripping or filtering), descriptor thresholds but LWTHRESH, RSRPD.
Addresses that are no register of ours read zero and ignore writes.
*/
import {
	control,
	ctrlFullDuplex,
	multicastTable,
	multicastTableEnd,
	packetBuffers,
	receiveAbsoluteDelay,
	receiveAddresses,
	receiveAddressesEnd,
	receiveChecksum,
	receiveControl,
	receiveDelay,
	transmitAbsoluteDelay,
	transmitControl,
	transmitDelay,
	transmitDescriptorControl,
	vlanTable,
	vlanTableEnd,
} from './e1000-registers.js';

const words = 0x6000 / 4;
const packetBufferKib = 64;

/** Offset, what of it software may write, value after reset. CTRL comes up as full duplex, 1000 Mb/s, link not set up. */
const stored: readonly (readonly [number, number, number])[] = [
	[control, 0x58fc_1be9, ctrlFullDuplex | (2 << 8)],
	[0x0018, 0x00ff_0ff0, 0],
	[0x0028, -1, 0],
	[0x002c, 0xffff, 0],
	[0x0030, 0xffff, 0],
	[0x0038, 0xffff, 0x8100],
	[receiveControl, 0x06df_b3fe, 0],
	[0x0170, 0xffff, 0],
	[transmitControl, 0x017f_fffa, 0],
	[0x0410, 0x3fff_ffff, 0],
	[0x0458, 0xffff, 0],
	[0x0e00, -1, 0x0602],
	[packetBuffers, 0x78, 0x0010_0030],
	[0x2160, -1, 0],
	[0x2168, -1, 0],
	[receiveDelay, 0xffff, 0],
	[0x2828, -1, 0],
	[receiveAbsoluteDelay, 0xffff, 0],
	[0x2c00, 0xfff, 0],
	[transmitDelay, 0xffff, 0],
	[transmitDescriptorControl, -1, 0],
	[transmitAbsoluteDelay, 0xffff, 0],
	[receiveChecksum, 0x3ff, 0],
];

export class E1000RegisterFile {
	readonly words = new Int32Array(words);
	private readonly writable = new Int32Array(words);

	constructor() {
		const writable = this.writable;
		for (const [offset, mask] of stored) {
			writable[offset >> 2] = mask;
		}

		writable.fill(-1, multicastTable >> 2, multicastTableEnd >> 2);
		writable.fill(-1, vlanTable >> 2, vlanTableEnd >> 2);
		for (let at = receiveAddresses >> 2; at < receiveAddressesEnd >> 2; at += 2) {
			writable[at] = -1;
			writable[at + 1] = 0x8003_ffff | 0;
		}

		this.reset();
	}

	/** As after a reset; the receive address of the EEPROM is the controller's to put back. */
	reset(): void {
		this.words.fill(0);
		for (const [offset, , initial] of stored) {
			this.words[offset >> 2] = initial;
		}
	}

	/** PBA: KiB of the packet buffer for reception and for transmission. */
	get receiveKib(): number {
		return Math.min(packetBufferKib, this.words[packetBuffers >> 2] & 0x7f);
	}

	get transmitKib(): number {
		return packetBufferKib - this.receiveKib;
	}

	/** A 32-bit word at an offset divisible by four. */
	read(offset: number): number {
		return offset < words * 4 ? this.words[offset >> 2] : 0;
	}

	write(offset: number, value: number): void {
		if (offset < words * 4) {
			const mask = this.writable[offset >> 2];
			this.words[offset >> 2] = (this.words[offset >> 2] & ~mask) | (value & mask);
			if (offset === packetBuffers) {
				this.words[offset >> 2] = (this.transmitKib << 16) | this.receiveKib;
			}
		}
	}
}
