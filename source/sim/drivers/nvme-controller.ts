/**
Bringing an NVMe controller up and down, as NVM Express base specification 1.4 §7.6.1 says and Linux's driver does: disable, admin
queue, enable, Identify, queues. Everything here runs in a sequence and may be run again after any failure of the controller.
*/
import type {Severity} from '../../engine/log.js';
import type {Step} from '../../engine/step.js';
import {configRead, configWrite, registerRead, registerWrite} from '../kernel/cost.js';
import type {Kernel, PciDevice, Registers} from '../kernel/kernel.js';
import {NvmeAdmin, noAnswer} from './nvme-admin.js';
import type {NvmeQueuePair} from './nvme-queue.js';
import * as nvme from './nvme-registers.js';
import type {Pause, Sequence} from './sequence.js';

const adminVector = 0;
const ioVector = 1;
/** How often a status register is looked at while a transition is awaited, ns. */
const pollInterval = 1_000_000;
const highUnit = 4_294_967_296;

/** What the driver learns of the drive. Sizes in bytes unless said otherwise. */
export interface NvmeIdentity {
	serial: string;
	model: string;
	namespace: number;
	/** Capacity in 512-byte sectors. */
	sectors: number;
	logicalBlock: number;
	/** Largest transfer; 0 when the controller names no limit. */
	maximumTransfer: number;
	volatileCache: boolean;
	abortLimit: number;
	/** Largest queue, entries. */
	entries: number;
}

export class NvmeController {
	readonly registers: Registers;
	readonly admin: NvmeAdmin;
	readonly identity: NvmeIdentity = {
		serial: '',
		model: '',
		namespace: 0,
		sectors: 0,
		logicalBlock: 512,
		maximumTransfer: 0,
		volatileCache: false,
		abortLimit: 1,
		entries: 0,
	};

	/** Doorbell stride, CAP.DSTRD. */
	stride = 0;
	/** How long enabling and disabling may take, CAP.TO, ns. */
	#transition = 0;
	/** Messages of the two vectors, once bound. */
	#messages: {address: number; data: number}[] = [];
	readonly #kernel: Kernel;
	readonly #device: PciDevice;
	readonly #ioInterrupt: Step;

	constructor(kernel: Kernel, device: PciDevice, sequence: Sequence, ioInterrupt: Step, adminTimeout: number) {
		this.#kernel = kernel;
		this.#device = device;
		this.#ioInterrupt = ioInterrupt;
		this.registers = device.registers(0);
		this.admin = new NvmeAdmin(kernel, device, this.registers, sequence, adminTimeout);
	}

	/** Disables the controller: when it returns true nothing that was under way can happen any more. */
	*disable(): Generator<Pause, boolean, boolean> {
		yield registerWrite;
		this.registers.write32(nvme.configuration, 0);
		return yield* this.#awaitReady(0);
	}

	/** From any state to an enabled controller that has been identified. False when that failed; the log says why. */
	*bringUp(): Generator<Pause, boolean, boolean> {
		if (!(yield* this.#configure())) return false;
		yield registerRead;
		const capLow = this.registers.read32(nvme.capLow);
		yield registerRead;
		const capHigh = this.registers.read32(nvme.capHigh);
		if (capLow === -1 && capHigh === -1) return this.#failed('does not answer');
		this.identity.entries = (capLow & 0xffff) + 1;
		this.#transition = Math.max(1, capLow >>> 24) * 500_000_000;
		this.stride = capHigh & 15;
		this.admin.stride = this.stride;
		if (((capHigh >>> 16) & 15) > 0) return this.#failed('has no 4 KiB pages');
		if (!(yield* this.disable())) return false;

		const {admin, registers} = this;
		admin.clear();
		const {entries, submission, completion} = admin.queue;
		yield* this.#write(nvme.adminQueueAttributes, ((entries - 1) << 16) | (entries - 1));
		yield* this.#writeAddress(nvme.adminSubmissionQueue, submission.address);
		yield* this.#writeAddress(nvme.adminCompletionQueue, completion.address);
		yield registerWrite;
		registers.write32(nvme.configuration, nvme.enableConfiguration);
		return (yield* this.#awaitReady(nvme.ready)) && (yield* this.#identify());
	}

	/** Asks for queues and creates the I/O pair, cleared. False when the controller refused. */
	*createQueues(pair: NvmeQueuePair): Generator<Pause, boolean, boolean> {
		const {admin} = this;
		pair.clear();
		if (!(yield* this.#command('number of queues', nvme.setFeatures, 0, 0, nvme.featureNumberOfQueues, 0)))
			return false;
		const size = pair.id | ((pair.entries - 1) << 16);
		const contiguous = 1;
		const interrupts = 2 | (ioVector << 16);
		if (
			!(yield* this.#command(
				'completion queue',
				nvme.createCompletionQueue,
				0,
				pair.completion.address,
				size,
				contiguous | interrupts,
			)) ||
			!(yield* this.#command(
				'submission queue',
				nvme.createSubmissionQueue,
				0,
				pair.submission.address,
				size,
				contiguous | (pair.id << 16),
			))
		) {
			return false;
		}

		yield registerWrite;
		admin.requestEvent();
		return true;
	}

	/** Memory decoding, bus mastering, and the messages in the MSI-X table: lost at a function reset, so done each time. */
	*#configure(): Generator<Pause, boolean, boolean> {
		const device = this.#device;
		yield configRead;
		const command = device.readConfig(nvme.pciCommand, 2);
		if (command === 0xffff) return this.#failed('is not there');
		yield configWrite;
		device.writeConfig(nvme.pciCommand, 2, command | nvme.pciMemoryAndMaster | nvme.pciNoIntx);
		yield configRead;
		let capability = device.readConfig(nvme.pciCapabilities, 1) & 0xfc;
		while (capability !== 0) {
			yield configRead;
			const header = device.readConfig(capability, 2);
			if ((header & 0xff) === nvme.msixCapability) break;
			capability = (header >>> 8) & 0xfc;
		}

		if (capability === 0) return this.#failed('has no MSI-X');
		if (this.#messages.length === 0) {
			this.#messages = [
				device.bindMessage(adminVector, this.admin.interrupt),
				device.bindMessage(ioVector, this.#ioInterrupt),
			];
		}

		yield configRead;
		const place = device.readConfig(capability + 4, 4);
		const table = device.registers(place & 7);
		for (const [vector, message] of this.#messages.entries()) {
			const entry = place - (place & 7) + vector * 16;
			const words = [message.address | 0, Math.floor(message.address / highUnit), message.data, 0];
			for (const [i, word] of words.entries()) {
				yield registerWrite;
				table.write32(entry + i * 4, word);
			}
		}

		yield configWrite;
		device.writeConfig(capability + 2, 2, nvme.msixEnable);
		return true;
	}

	*#identify(): Generator<Pause, boolean, boolean> {
		const {words, address} = this.admin.page;
		const {identity} = this;
		if (!(yield* this.#command('identify controller', nvme.identify, 0, address, nvme.identifyController, 0)))
			return false;
		identity.serial = text(words, 1, 20);
		identity.model = text(words, 6, 40);
		const transferShift = (words[19] >>> 8) & 0xff;
		identity.maximumTransfer = transferShift === 0 ? 0 : 4096 * (1 << transferShift);
		identity.abortLimit = ((words[64] >>> 16) & 0xff) + 1;
		identity.volatileCache = ((words[131] >>> 8) & 1) !== 0;
		this.admin.abortsLeft = identity.abortLimit;
		if (!(yield* this.#command('namespaces', nvme.identify, 0, address, nvme.identifyNamespaceList, 0))) return false;
		identity.namespace = words[0];
		if (identity.namespace === 0) return this.#failed('has no namespace');
		const namespace = identity.namespace;
		if (!(yield* this.#command('identify namespace', nvme.identify, namespace, address, nvme.identifyNamespace, 0))) {
			return false;
		}

		const format = (words[6] >>> 16) & 15;
		const shift = (words[32 + format] >>> 16) & 0xff;
		if (shift < 9 || shift > 12) return this.#failed(`has blocks of 2^${shift} bytes`);
		identity.logicalBlock = 1 << shift;
		identity.sectors = ((words[1] >>> 0) * highUnit + (words[0] >>> 0)) * (identity.logicalBlock / 512);
		return true;
	}

	/** One admin command; false with a log line unless it succeeded. */
	*#command(
		what: string,
		opcode: number,
		namespace: number,
		address: number,
		dword10: number,
		dword11: number,
	): Generator<Pause, boolean, boolean> {
		const status = yield* this.admin.execute(opcode, namespace, address, dword10, dword11);
		if (status === 0) return true;
		return this.#failed(status === noAnswer ? `${what}: no answer` : `${what}: status 0x${status.toString(16)}`);
	}

	*#write(register: number, value: number): Generator<Pause, void, boolean> {
		yield registerWrite;
		this.registers.write32(register, value);
	}

	*#writeAddress(register: number, address: number): Generator<Pause, void, boolean> {
		yield* this.#write(register, address | 0);
		yield* this.#write(register + 4, Math.floor(address / highUnit));
	}

	/** Waits until CSTS.RDY is `wanted`. */
	*#awaitReady(wanted: number): Generator<Pause, boolean, boolean> {
		const until = this.#kernel.now() + this.#transition;
		for (;;) {
			yield registerRead;
			const status = this.registers.read32(nvme.controllerStatus);
			if (status === -1) return this.#failed('is gone');
			if ((status & nvme.ready) === wanted) return true;
			if (wanted !== 0 && (status & nvme.fatal) !== 0) return this.#failed('reports a fatal status');
			if (this.#kernel.now() > until) return this.#failed(`not ready in time, CSTS=0x${status.toString(16)}`);
			yield {sleep: pollInterval};
		}
	}

	#failed(why: string): false {
		this.log('error', why);
		return false;
	}

	log(severity: Severity, text: string): void {
		this.#kernel.log(severity, `nvme ${this.#device.name}: ${text}`);
	}
}

/** Space-padded text of an Identify page from byte `word * 4`. */
function text(words: Int32Array, word: number, length: number): string {
	let result = '';
	for (let i = 0; i < length; i++) result += String.fromCharCode((words[word + (i >> 2)] >>> ((i & 3) * 8)) & 0x7f);
	return result.trimEnd();
}
