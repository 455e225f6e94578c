/**
Setting an 82540EM up and reading it: reset, EEPROM, PHY, filters, rings, statistics; after the 8254x SDM §14 (initialization) and Linux's
e1000_hw.c and e1000_up. Everything here runs in a sequence and may be run again after any failure of the device.
*/
import type {Severity} from '../../engine/log.js';
import {configRead, configWrite, registerRead, registerWrite} from '../kernel/cost.js';
import type {Kernel, PciDevice, Registers} from '../kernel/kernel.js';
import type {E1000Counters} from './e1000-counters.js';
import type {E1000Port} from './e1000-port.js';
import * as e1000 from './e1000-registers.js';
import type {Pause} from './sequence.js';

const highUnit = 4_294_967_296;
/** How long the device is left alone after a reset, ns. */
const resetPause = 5_000_000;
/** How often a word of EEPROM or PHY is waited for, and how many times. */
const pollInterval = 50_000;
const polls = 100;
/** Linux's defaults: TxIntDelay and TxAbsIntDelay, units of 1.024 us. */
const transmitDelay = 8;
const transmitAbsoluteDelay = 32;

/** Work of a sequence that succeeds or does not; the log says why. */
type Attempt = Generator<Pause, boolean, boolean>;

export class E1000Hardware {
	readonly #kernel: Kernel;
	readonly #device: PciDevice;
	readonly #registers: Registers;
	/** ITR, units of 256 ns. */
	readonly #throttling: number;
	#bound = false;
	/** What the last read of the EEPROM or PHY gave. */
	#value = 0;
	#phy = 0;

	/** @param interruptRate interrupts a second at most; 0 for no limit. */
	constructor(kernel: Kernel, device: PciDevice, registers: Registers, interruptRate: number) {
		this.#kernel = kernel;
		this.#device = device;
		this.#registers = registers;
		this.#throttling = interruptRate === 0 ? 0 : Math.min(0xffff, Math.round(3_906_250 / interruptRate));
	}

	/** The PHY's identifier, two words in one. */
	get phy(): number {
		return this.#phy;
	}

	/** From any state to a device that receives and sends; its rings are emptied first, their packets given back before. */
	*bringUp(port: E1000Port): Attempt {
		if (!(yield* this.#configure(port))) return false;
		if (!(yield* this.#reset())) return false;
		if (!(yield* this.#readMac(port.mac))) return false;
		if (!(yield* this.#readPhy(e1000.phyIdentifierHigh))) return false;
		this.#phy = this.#value << 16;
		if (!(yield* this.#readPhy(e1000.phyIdentifierLow))) return false;
		this.#phy |= this.#value;
		yield* this.#setFilters(port.mac);
		yield* this.#write(e1000.deviceControl, e1000.controlSetLinkUp | e1000.controlAutoSpeed);
		yield* this.#setTransmitter(port);
		yield* this.#setReceiver(port);
		yield* this.#write(e1000.interruptThrottling, this.#throttling);
		port.open();
		yield* this.#write(e1000.interruptMaskSet, e1000.interruptCauses);
		// The link is looked at first of all.
		yield* this.#write(e1000.interruptCauseSet, e1000.causeLinkChange);
		return true;
	}

	/** Stops the device: no interrupt, no frame in or out, no DMA from now on. */
	*stop(): Generator<Pause, void, boolean> {
		yield* this.#write(e1000.interruptMaskClear, -1);
		yield* this.#write(e1000.receiveControl, 0);
		yield* this.#write(e1000.transmitControl, 0);
		yield* this.#write(e1000.deviceControl, e1000.controlReset);
		yield {sleep: resetPause};
	}

	/** Reads what the device has counted since the last time; false when it is gone. */
	*readStatistics(counters: E1000Counters): Attempt {
		for (const [counter, offset] of e1000.statistics) {
			yield registerRead;
			const value = this.#registers.read32(offset);
			if (value === -1) return false;
			counters[counter] += value >>> 0;
		}

		for (const [counter, offset] of e1000.octetStatistics) {
			yield registerRead;
			const low = this.#registers.read32(offset);
			yield registerRead;
			const high = this.#registers.read32(offset + 4);
			if (high === -1) return false;
			counters[counter] += (low >>> 0) + (high >>> 0) * highUnit;
		}

		return true;
	}

	/** Memory decoding, bus mastering and the line: lost at a function reset, so done each time. */
	*#configure(port: E1000Port): Attempt {
		const device = this.#device;
		yield configRead;
		const command = device.readConfig(e1000.pciCommand, 2);
		if (command === 0xffff) return this.#failed('is not there');
		yield configWrite;
		device.writeConfig(e1000.pciCommand, 2, (command | e1000.pciMemoryAndMaster) & ~e1000.pciNoIntx);
		if (!this.#bound) {
			this.#bound = true;
			device.bindLine(port.interrupt);
		}

		return true;
	}

	*#reset(): Attempt {
		yield* this.stop();
		yield* this.#write(e1000.interruptMaskClear, -1);
		yield registerRead;
		this.#registers.read32(e1000.interruptCause);
		yield registerRead;
		const control = this.#registers.read32(e1000.deviceControl);
		if (control === -1) return this.#failed('does not answer');
		if ((control & e1000.controlReset) !== 0) return this.#failed('does not come out of reset');
		return true;
	}

	/** The whole EEPROM, whose sum must be right, and the address in its first three words. */
	*#readMac(mac: Uint8Array): Attempt {
		let sum = 0;
		for (let word = 0; word < e1000.eepromWords; word++) {
			yield* this.#write(e1000.eepromRead, e1000.eepromStart | (word << 8));
			if (!(yield* this.#await(e1000.eepromRead, e1000.eepromDone))) return this.#failed('EEPROM does not answer');
			const value = this.#value >>> 16;
			sum = (sum + value) & 0xffff;
			if (word < 3) {
				mac[word * 2] = value & 0xff;
				mac[word * 2 + 1] = value >>> 8;
			}
		}

		return sum === e1000.eepromSum || this.#failed('The EEPROM Checksum Is Not Valid');
	}

	*#readPhy(register: number): Attempt {
		yield* this.#write(e1000.mdiControl, e1000.mdiReadOperation | e1000.mdiPhyOne | (register << 16));
		if (!(yield* this.#await(e1000.mdiControl, e1000.mdiReady))) return this.#failed('PHY does not answer');
		if ((this.#value & e1000.mdiError) !== 0) return this.#failed('PHY reports an error');
		this.#value &= 0xffff;
		return true;
	}

	/** Waits until a bit of a register is set; leaves its value in `#value`. */
	*#await(register: number, bit: number): Attempt {
		for (let i = 0; i < polls; i++) {
			yield registerRead;
			this.#value = this.#registers.read32(register);
			if (this.#value === -1) return false;
			if ((this.#value & bit) !== 0) return true;
			yield {sleep: pollInterval};
		}

		return false;
	}

	*#setFilters(mac: Uint8Array): Generator<Pause, void, boolean> {
		yield* this.#write(e1000.receiveAddressLow, mac[0] | (mac[1] << 8) | (mac[2] << 16) | (mac[3] << 24));
		yield* this.#write(e1000.receiveAddressHigh, mac[4] | (mac[5] << 8) | e1000.addressValid);
		for (let word = 0; word < e1000.multicastTableWords; word++) {
			yield* this.#write(e1000.multicastTable + word * 4, 0);
		}
	}

	*#setTransmitter(port: E1000Port): Generator<Pause, void, boolean> {
		port.transmitRing.clear();
		const {address, bytes} = port.transmitRing.memory;
		yield* this.#write(e1000.transmitBase, address | 0);
		yield* this.#write(e1000.transmitBase + 4, Math.floor(address / highUnit));
		yield* this.#write(e1000.transmitLength, Math.min(bytes, port.transmitRing.entries * 16));
		yield* this.#write(e1000.transmitHead, 0);
		yield* this.#write(e1000.transmitTail, 0);
		yield* this.#write(e1000.transmitGap, e1000.transmitGapDefault);
		yield* this.#write(e1000.transmitDelay, transmitDelay);
		yield* this.#write(e1000.transmitAbsoluteDelay, transmitAbsoluteDelay);
		const control = e1000.transmitEnable | e1000.transmitPadShort;
		yield* this.#write(e1000.transmitControl, control | e1000.transmitCollisions | e1000.transmitCollisionDistance);
	}

	/** Buffers of 2 KiB, no CRC in memory; every frame is wanted, as Linux's bridge asks of its ports (promiscuous). */
	*#setReceiver(port: E1000Port): Generator<Pause, void, boolean> {
		const ring = port.receiveRing;
		ring.clear();
		const {address} = ring.memory;
		yield* this.#write(e1000.receiveDelay, 0);
		yield* this.#write(e1000.receiveBase, address | 0);
		yield* this.#write(e1000.receiveBase + 4, Math.floor(address / highUnit));
		yield* this.#write(e1000.receiveLength, ring.entries * 16);
		yield* this.#write(e1000.receiveHead, 0);
		yield* this.#write(e1000.receiveTail, 0);
		yield* this.#write(e1000.receiveChecksum, e1000.receiveChecksumIp | e1000.receiveChecksumTransport);
		const promiscuous = e1000.receiveUnicastPromiscuous | e1000.receiveMulticastPromiscuous;
		yield* this.#write(
			e1000.receiveControl,
			e1000.receiveEnable | promiscuous | e1000.receiveBroadcast | e1000.receiveStripCrc,
		);
		while (ring.lacking > 0 && ring.available) ring.post();
		yield* this.#write(e1000.receiveTail, ring.next);
	}

	*#write(register: number, value: number): Generator<Pause, void, boolean> {
		yield registerWrite;
		this.#registers.write32(register, value);
	}

	#failed(why: string): false {
		this.log('error', why);
		return false;
	}

	log(severity: Severity, text: string): void {
		this.#kernel.log(severity, `e1000 ${this.#device.name}: ${text}`);
	}
}
