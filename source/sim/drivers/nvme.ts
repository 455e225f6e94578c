/**
The native NVMe driver, as Linux's drivers/nvme/host/pci.c behaves: it probes the controller, and looks after it. A command whose time
is up is aborted, the second time the controller is reset and what was under way is sent again; a controller that reports a fatal
status is reset; one that does not answer is gone, and its requests fail. Written against `Kernel` and `BlockDevice`
alone: it runs wherever it is given a kernel.
*/
import type {Step} from '../../engine/step.js';
import {registerRead, registerWrite} from '../kernel/cost.js';
import type {Kernel, PciDevice} from '../kernel/kernel.js';
import type {BlockDriver, DriverOptions, DriverState} from './driver.js';
import {tagHeld, tagSent} from './nvme-commands.js';
import {NvmeController} from './nvme-controller.js';
import {nvmeCosts} from './nvme-costs.js';
import type {NvmeCounters} from './nvme-counters.js';
import {NvmeDisk} from './nvme-disk.js';
import * as nvme from './nvme-registers.js';
import {type Pause, Sequence, type Work} from './sequence.js';

export interface NvmeDriverOptions extends DriverOptions {
	/** How long a command may take before it is aborted (Linux io_timeout, 30 s), and an admin command (60 s). ns. */
	readonly ioTimeout: number;
	readonly adminTimeout: number;
	/** Entries of the I/O queue (Linux io_queue_depth). */
	readonly queueEntries: number;
	/** How often a command that failed without Do Not Retry is sent again (Linux max_retries). */
	readonly maximumRetries: number;
	/** How often the controller's status register is looked at while all is well, ns. */
	readonly watchdog: number;
}

export const defaultNvmeDriverOptions: NvmeDriverOptions = {
	ioTimeout: 30_000_000_000,
	adminTimeout: 60_000_000_000,
	queueEntries: 1024,
	maximumRetries: 5,
	watchdog: 1_000_000_000,
};

export class NvmeDriver implements BlockDriver {
	readonly kind = 'block';
	readonly name: string;
	readonly disk: NvmeDisk;
	readonly counters: NvmeCounters;
	state: DriverState = 'probing';
	readonly #kernel: Kernel;
	readonly #device: PciDevice;
	readonly #options: NvmeDriverOptions;
	readonly #sequence: Sequence;
	readonly #controller: NvmeController;
	readonly #watchdogStep: Step;
	#ready: () => void = () => {};
	#failed: () => void = () => {};

	constructor(kernel: Kernel, device: PciDevice, options: Partial<NvmeDriverOptions> = {}) {
		this.#kernel = kernel;
		this.#device = device;
		this.#options = {...defaultNvmeDriverOptions, ...options};
		this.name = device.name;
		const {name} = device;
		const timeoutStep = kernel.define(`${name} timeout`, nvmeCosts.timeout, () => this.#checkTimes());
		this.#watchdogStep = kernel.define(`${name} watchdog`, registerRead, () => this.#watch());
		this.disk = new NvmeDisk(kernel, device, this.#options, timeoutStep);
		this.counters = this.disk.counters;
		this.#sequence = new Sequence(kernel, `${name} controller`);
		this.#controller = new NvmeController(
			kernel,
			device,
			this.#sequence,
			this.disk.interrupt,
			this.#options.adminTimeout,
		);
		this.#controller.admin.onAbort = (result, status) => {
			const done = status === 0 && (result & 1) === 0;
			this.#log('notice', done ? 'abort took effect' : `abort had no effect, status 0x${status.toString(16)}`);
		};
		this.#controller.admin.onEvent = (result) => this.#event(result);
	}

	get outstanding(): number {
		return this.disk.outstanding;
	}

	get depth(): number {
		return this.disk.limits.depth;
	}

	start(ready: () => void, failed: () => void = () => {}): void {
		this.#ready = ready;
		this.#failed = failed;
		this.#sequence.start(this.#probe());
	}

	requestIdentity(queue: number, cid: number): number {
		const {commands} = this.disk;
		const tag = queue === 1 ? commands.tagOf(cid) : -1;
		return tag < 0 ? 0 : (commands.requests[commands.owner[tag]]?.identity ?? 0);
	}

	*#probe(): Work {
		this.#log('info', `PCI function ${this.#device.address}`);
		if (!(yield* this.#bringUp())) {
			this.#giveUp();
			return;
		}

		const {identity} = this.#controller;
		const {sectors, depth, logicalBlock, volatileCache} = this.disk.limits;
		this.#log('info', `${identity.model}, serial ${identity.serial}, one I/O queue of ${depth + 1} entries`);
		const cache = volatileCache ? 'volatile write cache' : 'no volatile write cache';
		const size = `${sectors} sectors of 512 bytes, blocks of ${logicalBlock} bytes`;
		this.#kernel.log('info', `${this.disk.name}: ${size}, ${cache}`);
		this.state = 'live';
		this.#kernel.timer(this.#options.watchdog, this.#watchdogStep);
		this.#ready();
		this.disk.open();
	}

	/** From any state of the controller to queues that work. */
	*#bringUp(): Generator<Pause, boolean, boolean> {
		const controller = this.#controller;
		if (!(yield* controller.bringUp())) return false;
		const pair = this.disk.prepare(controller.identity, controller.registers, controller.stride);
		return yield* controller.createQueues(pair);
	}

	/** Some command has been out for the whole timeout, perhaps. */
	#checkTimes(): void {
		const {disk} = this;
		const {commands} = disk;
		disk.watchEnded();
		if (!this.#isLive()) return;
		const now = this.#kernel.now();
		let next = Number.POSITIVE_INFINITY;
		let looked = false;
		for (let tag = 0; tag < commands.tags && this.#isLive(); tag++) {
			if (commands.state[tag] !== tagSent) continue;
			if (commands.deadline[tag] <= now) {
				if (!looked && !this.#healthy()) return;
				looked = true;
				this.#timedOut(tag);
			}

			if (commands.state[tag] === tagSent) next = Math.min(next, commands.deadline[tag]);
		}

		disk.release();
		if (this.#isLive() && next !== Number.POSITIVE_INFINITY) disk.watchUntil(Math.max(next - now, 1));
	}

	#isLive(): boolean {
		return this.state === 'live';
	}

	/** One command's time is up: did only its interrupt get lost? Then abort it; the second time, reset the controller. */
	#timedOut(tag: number): void {
		const {disk} = this;
		const {commands} = disk;
		const {admin} = this.#controller;
		const identifier = commands.identifier(tag);
		this.counters.timeouts++;
		while (disk.completionPending) disk.takeCompletion();
		if (commands.tagOf(identifier) < 0) {
			this.#log('warning', `I/O ${tag} QID 1 timeout, completion polled`);
			return;
		}

		if (commands.aborted[tag] === 1) {
			this.#reset(`I/O ${tag} QID 1 timeout, reset controller`);
			return;
		}

		commands.deadline[tag] = this.#kernel.now() + this.#options.ioTimeout;
		if (admin.abortsLeft <= 0) return;
		this.#log('warning', `I/O ${tag} QID 1 timeout, aborting`);
		commands.aborted[tag] = 1;
		this.counters.aborts++;
		admin.abort(1, identifier);
	}

	/** Once a second: is the controller well, is a device that was gone back? */
	#watch(): void {
		if (this.state === 'live') {
			this.#healthy();
		} else if (this.state === 'removed' && this.#device.readConfig(0, 2) !== 0xffff) {
			this.#log('info', 'answers again');
			this.state = 'resetting';
			this.disk.mode = 'held';
			this.#sequence.start(this.#restart(false));
		}

		if (this.state !== 'dead') this.#kernel.timer(this.#options.watchdog, this.#watchdogStep);
	}

	/** Reads CSTS: a device that is gone or has given up is dealt with, and false returned. */
	#healthy(): boolean {
		const status = this.#controller.registers.read32(nvme.controllerStatus);
		if (status === -1) {
			this.#lost('does not answer any more');
			return false;
		}

		if ((status & nvme.fatal) !== 0) {
			const pci = this.#device.readConfig(nvme.pciStatus, 2);
			this.#reset(`controller is down; will reset: CSTS=0x${status.toString(16)}, PCI_STATUS=0x${pci.toString(16)}`);
			return false;
		}

		return true;
	}

	#event(result: number): void {
		const type = result & 7;
		const info = (result >>> 8) & 0xff;
		this.#log('warning', `asynchronous event: type ${type}, information 0x${info.toString(16)}`);
		// Type 0 (error), information 3: persistent internal error.
		if (type === 0 && info === 3) this.#reset('persistent internal error, reset controller');
	}

	#reset(why: string): void {
		if (!this.#isLive()) return;
		this.state = 'resetting';
		this.disk.mode = 'held';
		this.counters.resets++;
		this.#log('warning', why);
		this.#sequence.start(this.#restart(true));
	}

	/** Disables the controller, takes back what was under way, brings it up and sends that again. */
	*#restart(disable: boolean): Work {
		const {disk} = this;
		const {commands} = disk;
		if (disable && !(yield* this.#controller.disable())) {
			this.#lost('cannot be stopped');
			return;
		}

		// What the controller completed before it stopped is complete; the rest can no longer happen.
		while (disk.completionPending) {
			yield nvmeCosts.complete;
			disk.takeCompletion();
		}

		for (let tag = 0; tag < commands.tags; tag++) {
			if (commands.state[tag] !== tagSent) continue;
			if (commands.retries[tag] < this.#options.maximumRetries) {
				commands.retries[tag]++;
				commands.state[tag] = tagHeld;
			} else {
				yield nvmeCosts.fail;
				disk.giveUp(tag);
			}
		}

		if (!(yield* this.#bringUp())) {
			this.#giveUp();
			return;
		}

		this.state = 'live';
		disk.mode = 'open';
		let again = 0;
		for (let tag = 0; tag < commands.tags; tag++) {
			if (commands.state[tag] !== tagHeld) continue;
			yield nvmeCosts.queue;
			if (disk.sendAgain(tag)) again++;
		}

		yield registerWrite;
		disk.ring(0);
		this.#log('info', `reset done, ${again} commands sent again`);
		disk.wakeWaiters();
	}

	/** The device does not answer, or cannot be stopped: every request fails. The watchdog looks for it again. */
	#lost(why: string): void {
		this.#log('error', `${why}; failing ${this.outstanding} requests`);
		this.state = 'removed';
		this.disk.fail();
	}

	#giveUp(): void {
		const first = !this.disk.known;
		this.#log('error', first ? 'probe failed' : 'given up after a failed reset');
		this.state = 'dead';
		this.disk.fail();
		if (first) this.#failed();
	}

	#log(severity: 'info' | 'notice' | 'warning' | 'error', text: string): void {
		this.#controller.log(severity, text);
	}
}
