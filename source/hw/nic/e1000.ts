/**
An Intel 82540EM as a PCI function: configuration space, registers by memory and through the I/O BAR, reset, link, interrupt line. It knows
nothing of who drives it. After Intel's SDM (317453) §4, §13 and §14. Accesses narrower than 32 bits or misaligned do not complete
(Intel, "Dword on avoiding getting bit by the bytes", 2012): they read all ones and write nothing. CTRL.RST resets everything
but the PHY, so does a function reset, which also loses configuration space. Not modelled: MSI, power management, wake-up, flash.
*/
import {assert} from '../../engine/assert.js';
import type {Engine} from '../../engine/engine.js';
import {Dma} from '../dma.js';
import type {InterruptController} from '../interrupts.js';
import type {Iommu} from '../iommu.js';
import type {WireEnd, WireFrame, WireStation} from '../lan/wire.js';
import type {Memory} from '../memory.js';
import {type AccessBytes, allOnes, type PciFunction} from '../pci.js';
import {type Bar, ConfigSpace} from '../pci-config.js';
import {E1000Eeprom} from './e1000-eeprom.js';
import {E1000Interrupts} from './e1000-interrupts.js';
import {defaultTiming, type E1000Options} from './e1000-options.js';
import {E1000Phy} from './e1000-phy.js';
import {E1000Receiver} from './e1000-receiver.js';
import {E1000RegisterFile} from './e1000-register-file.js';
import {
	causeLinkChange,
	causeMdiDone,
	causeRead,
	causeSet,
	control,
	ctrlPhyReset,
	ctrlReset,
	ctrlSetLinkUp,
	deviceStatus,
	eepromControl,
	eepromRead,
	maskClear,
	maskSet,
	mdiControl,
	packetBuffers,
	rdtrFlush,
	receiveAddresses,
	receiveControl,
	receiveDelay,
	receiveRing,
	ringEnd,
	ringTail,
	statisticsEnd,
	statisticsFirst,
	statusFullDuplex,
	statusLinkUp,
	statusSpeedShift,
	throttling,
	transmitControl,
	transmitRing,
} from './e1000-registers.js';
import {E1000Statistics} from './e1000-statistics.js';
import {E1000Transmitter} from './e1000-transmitter.js';

const memoryBytes = 0x2_0000;
const ioBytes = 64;
const ioBar = 2;

/** The parts of the machine a device is plugged into. */
export interface Machine {
	readonly engine: Engine;
	readonly memory: Memory;
	readonly interrupts: InterruptController;
	readonly iommu: Iommu;
}

export class E1000 implements PciFunction, WireStation {
	readonly address: string;
	readonly name: string;
	readonly config: ConfigSpace;
	readonly bars: readonly Bar[] = [
		{index: 0, kind: 'memory32', bytes: memoryBytes},
		{index: ioBar, kind: 'io', bytes: ioBytes},
	];
	readonly options: E1000Options;
	readonly dma: Dma;
	readonly wire: WireEnd;
	/** Everything counted since the machine was switched on, by statistics register (e1000-statistics.ts); registers themselves clear when read. */
	readonly statistics = new E1000Statistics();
	readonly interrupts: E1000Interrupts;
	readonly transmitter: E1000Transmitter;
	readonly receiver: E1000Receiver;
	/** STATUS.LU: the PHY has a link and CTRL.SLU is set. */
	linkUp = false;
	/** The bus may be used: for `transmitter` and `receiver`. */
	busMaster = false;
	/**
	Which packet a transmit descriptor begins, for the trace: set by who wires the host, from the driver's side table. It is asked when
	the packet's first descriptor is taken; 0 is nobody's. For received ones see `receivedIdentity`.
	*/
	packetIdentity: (descriptor: number) => number = () => 0;
	private readonly engine: Engine;
	private readonly registers = new E1000RegisterFile();
	private readonly eeprom: E1000Eeprom;
	private readonly phy: E1000Phy;
	/** Until when the chip is in reset after CTRL.RST. */
	private resetUntil = 0;
	/** IOADDR: the register IODATA stands for. */
	private ioAddress = 0;

	constructor(
		machine: Machine,
		wire: WireEnd,
		options: Partial<E1000Options> & Pick<E1000Options, 'address' | 'name' | 'mac'>,
	) {
		const all: E1000Options = {timing: defaultTiming, ...options};
		assert(all.mac.length === 6 && (all.mac[0] & 1) === 0, 'a NIC has the six bytes of one station’s address');
		const {engine} = machine;
		this.options = all;
		this.address = all.address;
		this.name = all.name;
		this.wire = wire;
		this.engine = engine;
		this.config = new ConfigSpace(
			{
				vendor: 0x8086,
				device: 0x100e,
				classCode: 0x02_00_00,
				revision: 2,
				subsystemVendor: 0x8086,
				subsystem: 0x001e,
				interruptPin: 1,
			},
			this.bars,
		);
		this.config.onWrite = () => this.configWritten();
		this.dma = new Dma(engine, machine.memory, this.config, machine.iommu.device(all.name));
		this.interrupts = new E1000Interrupts(engine, machine.interrupts, this.config, all.name);
		this.eeprom = new E1000Eeprom(all.mac, all.timing.eepromWord);
		this.phy = new E1000Phy(
			engine,
			all.name,
			all.timing.negotiation,
			all.timing.mdio,
			wire.rate,
			() => wire.up,
			() => this.updateLink(),
			() => this.interrupts.raise(causeMdiDone),
		);
		const {words} = this.registers;
		const self = this;
		const owner = {
			get linkUp() {
				return self.linkUp;
			},
			get busMaster() {
				return self.busMaster;
			},
			raise: (causes: number) => self.interrupts.raise(causes),
			packetIdentity: (descriptor: number) => self.packetIdentity(descriptor),
		};
		this.transmitter = new E1000Transmitter(engine, this.dma, wire, words, this.statistics, owner, all);
		this.receiver = new E1000Receiver(engine, this.dma, wire, words, this.statistics, owner, all);
		this.loadAddress();
	}

	/** Transmit descriptors the hardware has not used yet. */
	get txQueued(): number {
		return this.transmitter.ring.available;
	}

	/** Receive descriptors that wait for frames. */
	get rxFree(): number {
		return this.receiver.ring.available;
	}

	/** Identity for the trace of the frame that a receive descriptor ended (the one with EOP); 0 for nobody's. */
	receivedIdentity(descriptor: number): number {
		return this.receiver.identityOf(descriptor);
	}

	/** Mix every byte moved into the state hash. */
	set hashBytes(on: boolean) {
		this.transmitter.hashBytes = on;
		this.receiver.hashBytes = on;
	}

	readRegister(bar: number, offset: number, bytes: AccessBytes): number {
		if (bytes !== 4 || (offset & 3) !== 0) {
			return allOnes(bytes);
		}

		if (bar !== ioBar) {
			return this.read32(offset);
		}

		return offset === 0 ? this.ioAddress : offset === 4 ? this.read32(this.ioAddress) : 0;
	}

	writeRegister(bar: number, offset: number, bytes: AccessBytes, value: number): void {
		if (bytes !== 4 || (offset & 3) !== 0) {
			return;
		}

		if (bar !== ioBar) {
			this.write32(offset, value);
		} else if (offset === 0) {
			this.ioAddress = value & (memoryBytes - 4);
		} else if (offset === 4) {
			this.write32(this.ioAddress, value);
		}
	}

	/** Everything as after power-on but the PHY, which keeps its link. A frame on the wire arrives. */
	reset(): void {
		this.resetChip();
		this.resetUntil = 0;
		this.ioAddress = 0;
		this.config.reset();
		this.configWritten();
	}

	receive(frame: WireFrame): void {
		this.receiver.receive(frame);
	}

	linkChanged(_up: boolean): void {
		this.phy.update();
	}

	private read32(offset: number): number {
		if (offset >= statisticsFirst && offset < statisticsEnd) {
			return this.statistics.read(offset);
		}

		if (offset >= receiveRing && offset < receiveRing + ringEnd) {
			return this.receiver.ring.readRegister(offset - receiveRing);
		}

		if (offset >= transmitRing && offset < transmitRing + ringEnd) {
			return this.transmitter.ring.readRegister(offset - transmitRing);
		}

		switch (offset) {
			case causeRead:
				return this.interrupts.take();
			case control:
				return this.registers.read(control) | (this.engine.now < this.resetUntil ? ctrlReset : 0);
			case deviceStatus:
				return this.status();
			case eepromControl:
				return this.eeprom.readEecd();
			case eepromRead:
				return this.eeprom.readEerd(this.engine.now);
			case mdiControl:
				return this.phy.readMdic();
			case throttling:
				return this.interrupts.throttling;
			case maskSet:
				return this.interrupts.mask;
			case causeSet:
			case maskClear:
				return 0;
			default:
				return this.registers.read(offset);
		}
	}

	/** FD and SPEED are what the PHY has resolved; TXOFF stays 0, PAUSE frames stop nothing here. */
	private status(): number {
		const resolved = this.phy.linkUp ? statusFullDuplex | (this.phy.speed << statusSpeedShift) : 0;
		return resolved | (this.linkUp ? statusLinkUp : 0);
	}

	private write32(offset: number, value: number): void {
		if (this.engine.now < this.resetUntil) {
			return;
		}

		if (offset >= receiveRing && offset < receiveRing + ringEnd) {
			this.writeRing(this.receiver, offset - receiveRing, value);
			return;
		}

		if (offset >= transmitRing && offset < transmitRing + ringEnd) {
			this.writeRing(this.transmitter, offset - transmitRing, value);
			return;
		}

		const {interrupts} = this;
		switch (offset) {
			case causeRead:
				interrupts.forget(value);
				break;
			case causeSet:
				interrupts.raise(value);
				break;
			case maskSet:
				interrupts.setMask(interrupts.mask | value);
				break;
			case maskClear:
				interrupts.setMask(interrupts.mask & ~value);
				break;
			case throttling:
				interrupts.throttle(value);
				break;
			case control:
				this.control(value);
				break;
			case eepromControl:
				this.eeprom.writeEecd(value);
				break;
			case eepromRead:
				this.eeprom.writeEerd(value, this.engine.now);
				break;
			case mdiControl:
				this.phy.writeMdic(value);
				break;
			default:
				this.writeStored(offset, value);
		}
	}

	/** A ring's registers; a new tail is work. */
	private writeRing(unit: E1000Transmitter | E1000Receiver, register: number, value: number): void {
		unit.ring.writeRegister(register, value);
		if (register === ringTail) {
			unit.kick();
		}
	}

	/** Registers that are stored; what follows from the new value. */
	private writeStored(offset: number, value: number): void {
		this.registers.write(offset, value);
		if (offset === transmitControl) {
			this.transmitter.kick();
		} else if (offset === receiveControl) {
			this.receiver.kick();
		} else if (offset === packetBuffers) {
			this.allocate();
		} else if (offset === receiveDelay && (value & rdtrFlush) !== 0) {
			this.receiver.flush();
		}
	}

	private control(value: number): void {
		if ((value & ctrlPhyReset) !== 0) {
			this.phy.reset();
		}

		if ((value & ctrlReset) !== 0) {
			this.resetChip();
			this.resetUntil = this.engine.now + this.options.timing.reset;
			return;
		}

		this.registers.write(control, value);
		this.updateLink();
	}

	/** What CTRL.RST does: registers, rings, FIFOs, statistics and interrupts. */
	private resetChip(): void {
		this.transmitter.reset();
		this.receiver.reset();
		this.registers.reset();
		this.allocate();
		this.eeprom.reset();
		this.phy.resetManagement();
		this.statistics.reset();
		this.linkUp = false;
		this.interrupts.reset();
		this.loadAddress();
	}

	private allocate(): void {
		this.receiver.fifo.capacity = this.registers.receiveKib * 1024;
		this.transmitter.fifo.capacity = this.registers.transmitKib * 1024;
	}

	/** The EEPROM's address goes to the first receive address register, valid. */
	private loadAddress(): void {
		const {words} = this.eeprom;
		this.registers.words[receiveAddresses >> 2] = words[0] | (words[1] << 16);
		this.registers.words[(receiveAddresses >> 2) + 1] = words[2] | (1 << 31);
	}

	private updateLink(): void {
		const up = this.phy.linkUp && (this.registers.read(control) & ctrlSetLinkUp) !== 0;
		if (up === this.linkUp) {
			return;
		}

		this.linkUp = up;
		this.interrupts.raise(causeLinkChange);
		if (up) {
			this.transmitter.kick();
		}
	}

	private configWritten(): void {
		this.interrupts.update();
		if (this.config.busMaster !== this.busMaster) {
			this.busMaster = this.config.busMaster;
			this.transmitter.kick();
			this.receiver.kick();
		}
	}
}
