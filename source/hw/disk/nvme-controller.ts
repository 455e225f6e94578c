/**
An NVMe controller as a PCI function: configuration space, registers, doorbells, MSI-X or its line; enable, reset, shutdown, failure. It
knows nothing of who drives it. After NVMe base specification 1.4 §3.1 and §7; what the specification leaves undefined is written here: writes
narrower than 32 bits or misaligned are ignored, so are AQA, ASQ and ACQ while CC.EN is 1, and doorbells while CSTS.RDY is 0.
*/
import {assert} from '../../engine/assert.js';
import type {Engine} from '../../engine/engine.js';
import {noHandle} from '../../engine/event-queue.js';
import {Step} from '../../engine/step.js';
import {Dma} from '../dma.js';
import type {InterruptController, InterruptLine} from '../interrupts.js';
import type {Iommu} from '../iommu.js';
import type {Memory} from '../memory.js';
import {Msix} from '../msix.js';
import type {AccessBytes, PciFunction} from '../pci.js';
import {type Bar, ConfigSpace, interruptLineOffset} from '../pci-config.js';
import {type Medium, mediumFlush, mediumSlots} from './medium.js';
import {NvmeAdmin} from './nvme-admin.js';
import {adminSlots} from './nvme-commands.js';
import {eventInvalidDoorbellRegister, eventInvalidDoorbellValue} from './nvme-events.js';
import {NvmeLog} from './nvme-log.js';
import {defaultOptions, type NvmeOptions} from './nvme-options.js';
import {NvmePipeline} from './nvme-pipeline.js';
import {type DoorbellResult, doorbellBadValue, doorbellNoQueue, doorbellTaken, NvmeQueues} from './nvme-queues.js';
import {NvmeRegisters} from './nvme-register-file.js';
import {
	ccArbitration,
	ccCommandSet,
	ccEnable,
	ccPageSize,
	ccShutdown,
	ccWritable,
	configuration,
	cstsFatal,
	cstsReady,
	cstsShutdown,
	cstsShutdownComplete,
	cstsShutdownOccurring,
	doorbells,
	interruptMaskClear,
	interruptMaskSet,
} from './nvme-registers.js';

const barBytes = 0x4000;
const msixTable = 0x2000;
const msixPending = 0x3000;

/** The parts of the machine a device is plugged into. */
export interface Machine {
	readonly engine: Engine;
	readonly memory: Memory;
	readonly interrupts: InterruptController;
	readonly iommu: Iommu;
}

export class NvmeController implements PciFunction {
	readonly address: string;
	readonly name: string;
	readonly config: ConfigSpace;
	readonly bars: readonly Bar[] = [{index: 0, kind: 'memory64', bytes: barBytes}];
	readonly options: NvmeOptions;
	readonly medium: Medium;
	readonly dma: Dma;
	readonly log = new NvmeLog();
	private readonly engine: Engine;
	private readonly interrupts: InterruptController;
	private readonly msix: Msix;
	private readonly queues: NvmeQueues;
	private readonly pipeline: NvmePipeline;
	private readonly admin: NvmeAdmin;
	private readonly shutdownSlot: number;
	/** The function's share of its pin: made when firmware has said which. */
	private line: InterruptLine | null = null;
	private readonly registers: NvmeRegisters;
	private changing = noHandle;
	private readonly readyStep: Step;
	private readonly disabledStep: Step;
	/**
	Which request a command belongs to, for the trace: set by who wires the host, from the driver's side table. It is asked when the
	command is fetched; 0 is nobody's.
	*/
	requestIdentity: (submissionQueue: number, cid: number) => number = () => 0;

	constructor(machine: Machine, medium: Medium, options: Partial<NvmeOptions> & Pick<NvmeOptions, 'address' | 'name'>) {
		const all: NvmeOptions = {...defaultOptions, serial: `RT-${options.name}`, ...options};
		assert(all.queues >= 1 && all.queues <= 255, 'an NVMe controller here has 1 to 255 I/O queue pairs');
		assert(all.commands + adminSlots < mediumSlots, 'commands fit in the medium’s slots');
		assert(all.entries >= 2 && all.entries <= 65_536, 'a queue has 2 to 65536 entries');
		const {engine} = machine;
		this.options = all;
		this.address = all.address;
		this.name = all.name;
		this.medium = medium;
		this.engine = engine;
		this.interrupts = machine.interrupts;
		this.config = new ConfigSpace(
			{
				vendor: 0x1b36,
				device: 0x0010,
				classCode: 0x01_08_02,
				revision: 1,
				subsystemVendor: 0x1af4,
				subsystem: 0x1100,
				interruptPin: 1,
			},
			this.bars,
		);
		this.config.addExpress();
		const messages = machine.interrupts.messageSource(all.name);
		this.msix = new Msix(this.config, messages, all.queues + 1, 0, msixTable, msixPending);
		this.config.onWrite = () => this.configWritten();
		this.config.onFunctionReset = () => this.reset();
		this.dma = new Dma(engine, machine.memory, this.config, machine.iommu.device(all.name));
		this.registers = new NvmeRegisters(all.entries, 10 * all.timing.enable + 5_000_000_000);
		this.queues = new NvmeQueues(all.queues + 1);
		const self = this;
		this.pipeline = new NvmePipeline(
			engine,
			this.dma,
			medium,
			this.queues,
			this.log,
			{
				requestIdentity: (queue, cid) => self.requestIdentity(queue, cid),
				executeAdmin: (slot) => self.admin.execute(slot),
				posted: (completionQueue) => self.posted(completionQueue),
				drained: (queue) => self.admin.queues.drained(queue),
				fatal: () => self.fail(),
			},
			all,
		);
		this.admin = new NvmeAdmin(this.pipeline, this.queues, medium, this.log, all, this.msix, {
			get configuration() {
				return self.registers.cc;
			},
			get now() {
				return engine.now;
			},
		});
		this.shutdownSlot = this.pipeline.commands.total;
		medium.done = (slot, status) => {
			if (slot === this.shutdownSlot) {
				this.shutdownDone();
			} else {
				this.pipeline.mediumDone(slot, status);
			}
		};
		this.readyStep = new Step(`${all.name} ready`, engine.world, 0, false, () => this.becomesReady());
		this.disabledStep = new Step(`${all.name} disabled`, engine.world, 0, false, () => {
			this.changing = noHandle;
			this.registers.csts &= ~cstsReady;
		});
	}

	/** I/O commands fetched and not completed. */
	get inFlight(): number {
		return this.pipeline.commands.busy;
	}

	get ready(): boolean {
		return (this.registers.csts & cstsReady) !== 0;
	}

	/** Mix every byte moved into the state hash. */
	set hashBytes(on: boolean) {
		this.pipeline.transfer.hashBytes = on;
	}

	readRegister(_bar: number, offset: number, bytes: AccessBytes): number {
		const word = this.read32(offset & ~3);
		if (bytes === 4) {
			return (offset & 3) === 0 ? word : 0;
		}

		const part = word >>> ((offset & 3) * 8);
		return bytes === 2 ? part & 0xffff : part & 0xff;
	}

	writeRegister(_bar: number, offset: number, bytes: AccessBytes, value: number): void {
		if (bytes !== 4 || (offset & 3) !== 0) {
			return;
		}

		if (offset >= doorbells && offset < msixTable) {
			this.doorbell((offset - doorbells) >> 2, value);
		} else if (offset >= msixTable) {
			if (this.msix.covers(offset)) {
				this.msix.write32(offset, value);
			}
		} else {
			this.write32(offset, value);
		}
	}

	/** Function level reset: as after power-on, except what the medium and its cache hold. */
	reset(): void {
		this.stop();
		this.registers.reset();
		this.config.reset();
		this.msix.reset();
		this.updateLine();
	}

	/** The controller fails: CSTS.CFS, and it works on nothing until it is reset. */
	fail(): void {
		this.pipeline.stop();
		this.medium.cancelAll();
		this.registers.csts |= cstsFatal;
	}

	/** The drive's supply fails: its cache is lost, nothing under way happens later. Whoever does it also takes the function off the bus. */
	losePower(): void {
		if ((this.registers.csts & cstsShutdown) !== cstsShutdownComplete) {
			this.log.unsafeShutdowns++;
		}

		this.medium.losePower();
		this.reset();
	}

	/** The supply is back. */
	restorePower(): void {
		this.log.powerCycles++;
	}

	private read32(offset: number): number {
		if (offset >= msixTable && this.msix.covers(offset)) {
			return this.msix.read32(offset);
		}

		return this.registers.read(offset);
	}

	private write32(offset: number, value: number): void {
		if (offset === configuration) {
			this.configure(value & ccWritable);
		} else if (offset === interruptMaskSet || offset === interruptMaskClear) {
			this.registers.mask(offset === interruptMaskSet ? value : 0, offset === interruptMaskClear ? value : 0);
			this.updateLine();
		} else if ((this.registers.cc & ccEnable) === 0) {
			this.registers.writeQueue(offset, value);
		}
	}

	private configure(value: number): void {
		const before = this.registers.cc;
		this.registers.cc = value;
		if ((before & ccEnable) === 0 && (value & ccEnable) !== 0) {
			this.engine.cancel(this.changing);
			this.registers.csts &= ~cstsReady;
			this.changing = this.engine.after(this.options.timing.enable, this.readyStep);
		} else if ((before & ccEnable) !== 0 && (value & ccEnable) === 0) {
			this.controllerReset();
		}

		if (ccShutdown(value) !== 0 && ccShutdown(before) === 0) {
			this.shutdown(ccShutdown(value));
		}
	}

	/** CC.EN = 1 took effect, or the controller finds it cannot work like this. */
	private becomesReady(): void {
		this.changing = noHandle;
		const registers = this.registers;
		const {cc} = registers;
		const supported = ccPageSize(cc) === 0 && ccCommandSet(cc) === 0 && ccArbitration(cc) === 0;
		if (!supported || registers.adminSubmissionSize < 2 || registers.adminCompletionSize < 2) {
			registers.csts |= cstsFatal;
			return;
		}

		this.queues.createCompletion(0, registers.adminCompletionFrame, registers.adminCompletionSize, true, 0);
		this.queues.createSubmission(0, registers.adminSubmissionFrame, registers.adminSubmissionSize, 0);
		this.pipeline.start();
		this.registers.csts |= cstsReady;
	}

	/** Nothing of what was under way happens later; queues and features are gone. The cache is the medium's. */
	private stop(): void {
		this.engine.cancel(this.changing);
		this.changing = noHandle;
		this.pipeline.stop();
		this.medium.cancelAll();
		this.queues.clear();
		this.admin.reset();
		this.registers.mask(0, -1);
	}

	private controllerReset(): void {
		this.stop();
		this.registers.csts &= cstsReady;
		if (this.registers.csts !== 0) {
			this.changing = this.engine.after(this.options.timing.disable, this.disabledStep);
		}

		this.updateLine();
	}

	/** CC.SHN: 1 normal, 2 abrupt. A normal shutdown writes the cache back first (§7.6.2). */
	private shutdown(kind: number): void {
		if ((this.registers.csts & cstsShutdown) === cstsShutdownOccurring) {
			return;
		}

		this.pipeline.pause();
		this.registers.csts = (this.registers.csts & ~cstsShutdown) | cstsShutdownOccurring;
		if (kind === 1 && (this.registers.csts & cstsFatal) === 0) {
			this.medium.start(mediumFlush, 0, 0, this.shutdownSlot, false);
		} else {
			this.shutdownDone();
		}
	}

	private shutdownDone(): void {
		this.registers.csts = (this.registers.csts & ~cstsShutdown) | cstsShutdownComplete;
	}

	/** `index` counts doorbells: even ones are submission tails, odd ones completion heads. */
	private doorbell(index: number, value: number): void {
		if ((this.registers.csts & (cstsReady | cstsFatal)) !== cstsReady || (this.registers.cc & ccEnable) === 0) {
			return;
		}

		const queue = index >> 1;
		let result: DoorbellResult;
		if ((index & 1) === 0) {
			result = this.queues.ringTail(queue, value);
			if (result === doorbellTaken) {
				this.pipeline.kick();
			}
		} else {
			result = this.queues.ringHead(queue, value);
			if (result === doorbellTaken) {
				this.pipeline.completions.roomIn(queue);
				this.updateLine();
			}
		}

		if (result === doorbellNoQueue || result === doorbellBadValue) {
			this.log.addDoorbellError();
			this.admin.events.raise(result === doorbellNoQueue ? eventInvalidDoorbellRegister : eventInvalidDoorbellValue);
		}
	}

	private posted(completionQueue: number): void {
		if (this.queues.cqInterrupts[completionQueue] === 0) {
			return;
		}

		if (this.msix.enabled) {
			this.msix.raise(this.queues.cqVector[completionQueue]);
		} else {
			this.updateLine();
		}
	}

	/** The line is up while a queue that interrupts holds entries the driver has not consumed (§7.5.1.1). */
	private updateLine(): void {
		let wanted = false;
		if (!this.msix.enabled && (this.registers.intms & 1) === 0) {
			const queues = this.queues;
			for (let id = 0; id < queues.pairs && !wanted; id++) {
				wanted = queues.cqSize[id] !== 0 && queues.cqInterrupts[id] === 1 && queues.cqHead[id] !== queues.cqTail[id];
			}
		}

		if (this.line === null) {
			if (!wanted) {
				return;
			}

			this.line = this.interrupts.line(this.name, this.config.read(interruptLineOffset, 1));
		}

		this.config.setInterruptStatus(wanted);
		this.line.set(wanted && !this.config.intxDisabled);
	}

	private configWritten(): void {
		this.msix.configWritten();
		this.updateLine();
	}
}
