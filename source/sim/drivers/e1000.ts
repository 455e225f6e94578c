/**
The native driver for Intel's 82540EM, as Linux's drivers/net/ethernet/intel/e1000 behaves: it probes the device and looks after it. Every
two seconds it reads link and statistics; a transmitter that stands still is reported after a second and reset five seconds after its
last packet was queued; a device that does not answer is gone until it answers again. Written against `Kernel` and `NetDevice`
alone: it runs wherever it is given a kernel.
*/
import type {Step} from '../../engine/step.js';
import {registerRead, registerWrite} from '../kernel/cost.js';
import type {Kernel, PciDevice, Registers} from '../kernel/kernel.js';
import {nicReceiveBuffers} from '../kernel/network-memory.js';
import type {DriverOptions, DriverState, NetDriver} from './driver.js';
import {e1000Costs} from './e1000-costs.js';
import type {E1000Counters} from './e1000-counters.js';
import {E1000Hardware} from './e1000-hardware.js';
import {E1000Port} from './e1000-port.js';
import * as e1000 from './e1000-registers.js';
import {Sequence, type Work} from './sequence.js';

export interface E1000DriverOptions extends DriverOptions {
	/** Descriptors of each ring (Linux TxDescriptors, RxDescriptors). */
	readonly descriptors: number;
	/** Receive buffers at most: those in the ring and those out with whoever takes the frames. One page each, made when needed. */
	readonly receiveBuffers: number;
	/** Interrupts a second at most (Linux InterruptThrottleRate). */
	readonly interruptRate: number;
	/** How often link and statistics are read, ns. */
	readonly watchdog: number;
	/** How old the oldest packet is when the transmitter counts as hung, ns. */
	readonly hangTime: number;
	/** How long after the last packet was queued a hung transmitter is reset (Linux watchdog_timeo), ns. */
	readonly transmitTimeout: number;
}

export const defaultE1000DriverOptions: E1000DriverOptions = {
	descriptors: 256,
	receiveBuffers: nicReceiveBuffers,
	interruptRate: 8000,
	watchdog: 2_000_000_000,
	hangTime: 1_000_000_000,
	transmitTimeout: 5_000_000_000,
};

export class E1000Driver implements NetDriver {
	readonly kind = 'net';
	readonly name: string;
	readonly device: E1000Port;
	state: DriverState = 'probing';
	private readonly kernel: Kernel;
	private readonly function: PciDevice;
	private readonly registers: Registers;
	private readonly options: E1000DriverOptions;
	private readonly hardware: E1000Hardware;
	/** Probe, reset, removal; and the two-second look, which any of those may find under way. */
	private readonly sequence: Sequence;
	private readonly looking: Sequence;
	private readonly watchdogStep: Step;
	private readonly linkStep: Step;
	private readonly timeoutStep: Step;
	private ready: () => void = () => {};
	private failed: () => void = () => {};

	constructor(kernel: Kernel, device: PciDevice, options: Partial<E1000DriverOptions> = {}) {
		const {name} = device;
		this.kernel = kernel;
		this.function = device;
		this.options = {...defaultE1000DriverOptions, ...options};
		this.name = name;
		this.registers = device.registers(0);
		this.hardware = new E1000Hardware(kernel, device, this.registers, this.options.interruptRate);
		this.sequence = new Sequence(kernel, `${name} controller`);
		this.looking = new Sequence(kernel, `${name} watchdog`);
		this.watchdogStep = kernel.define(`${name} watchdog`, e1000Costs.timeout, () => this.watch());
		this.linkStep = kernel.define(`${name} link`, registerRead, () => this.checkLink());
		this.timeoutStep = kernel.define(`${name} transmit timeout`, e1000Costs.timeout, () => this.timedOut());
		this.device = new E1000Port(kernel, device, this.registers, this.options, {
			linkChanged: () => kernel.task(this.linkStep),
			gone: () => this.lost('does not answer any more'),
		});
	}

	get outstanding(): number {
		return this.device.outstanding;
	}

	get depth(): number {
		return this.options.descriptors - 1;
	}

	get counters(): E1000Counters {
		return this.device.counters;
	}

	start(ready: () => void, failed: () => void = () => {}): void {
		this.ready = ready;
		this.failed = failed;
		this.sequence.start(this.probe());
	}

	packetIdentity(entry: number): number {
		return this.device.transmitRing.identityAt(entry);
	}

	get receivedIdentity(): (entry: number) => number {
		return this.device.receivedIdentity;
	}

	set receivedIdentity(identity: (entry: number) => number) {
		this.device.receivedIdentity = identity;
	}

	private *probe(): Work {
		this.log('info', `PCI function ${this.function.address}`);
		if (!(yield* this.hardware.bringUp(this.device))) {
			this.giveUp(true);
			return;
		}

		const mac = [...this.device.mac].map((byte) => byte.toString(16).padStart(2, '0')).join(':');
		this.log('info', `Intel(R) PRO/1000 Network Connection, ${mac}, PHY 0x${(this.hardware.phy >>> 0).toString(16)}`);
		this.state = 'live';
		this.kernel.timer(this.options.watchdog, this.watchdogStep);
		this.ready();
	}

	/** The link, as the device sees it now. */
	private checkLink(): void {
		if (this.state !== 'live') return;
		const status = this.registers.read32(e1000.deviceStatus);
		if (status === -1) {
			this.lost('does not answer any more');
			return;
		}

		const up = (status & e1000.statusLinkUp) !== 0;
		if (up === this.device.carrier) return;
		if (up) {
			const duplex = (status & e1000.statusFullDuplex) !== 0 ? 'Full' : 'Half';
			this.log('info', `NIC Link is Up ${e1000.statusSpeeds[(status >>> 6) & 3]} Mbps ${duplex} Duplex`);
		} else {
			this.log('info', 'NIC Link is Down');
		}

		this.device.setCarrier(up);
		if (up) this.device.wakeWaiters();
	}

	/** Every two seconds: the link, statistics, the transmitter; of a device that was gone, whether it is back. */
	private watch(): void {
		if (this.state === 'live' && !this.looking.running) {
			this.looking.start(this.look());
		} else if (this.state === 'removed' && !this.sequence.running && this.function.readConfig(0, 2) !== 0xffff) {
			this.log('info', 'answers again');
			this.state = 'resetting';
			this.device.mode = 'held';
			this.sequence.start(this.restart());
		}

		if (this.state !== 'dead') this.kernel.timer(this.options.watchdog, this.watchdogStep);
	}

	private *look(): Work {
		const {device} = this;
		const ring = device.transmitRing;
		yield registerRead;
		this.checkLink();
		if (!this.isLive()) return;
		if (!(yield* this.hardware.readStatistics(device.counters))) {
			if (this.isLive()) this.lost('does not answer any more');
			return;
		}

		// An interrupt that got lost is made good: this one has both rings looked at.
		yield registerWrite;
		this.registers.write32(e1000.interruptCauseSet, e1000.causeReceiveMinimum);
		if (!this.isLive() || ring.packets === 0) return;
		if (!device.carrier) {
			this.reset('link lost with packets under way, reset adapter');
			return;
		}

		if (ring.pending || device.stopped) return;
		if (this.kernel.now() - ring.oldest < this.options.hangTime) return;
		yield registerRead;
		const head = this.registers.read32(e1000.transmitHead);
		yield registerRead;
		const tail = this.registers.read32(e1000.transmitTail);
		if (!this.isLive()) return;
		this.counters.hangs++;
		this.log(
			'warning',
			`Detected Tx Unit Hang: TDH <${head}> TDT <${tail}> next_to_use <${ring.next}> next_to_clean <${ring.clean}>`,
		);
		device.stopped = true;
		const since = this.kernel.now() - device.lastQueued;
		this.kernel.timer(Math.max(1, this.options.transmitTimeout - since), this.timeoutStep);
	}

	/** Five seconds after the last packet was queued: has a transmitter that stood still gone on? */
	private timedOut(): void {
		const {device} = this;
		if (!this.isLive() || !device.stopped) return;
		if (device.transmitRing.packets === 0 || device.transmitRing.pending) {
			device.stopped = false;
			device.wakeWaiters();
			return;
		}

		this.kernel.log('warning', `NETDEV WATCHDOG: ${this.name} (e1000): transmit queue 0 timed out`);
		this.reset('Reset adapter');
	}

	private reset(why: string): void {
		if (!this.isLive()) return;
		this.state = 'resetting';
		this.device.mode = 'held';
		this.counters.resets++;
		this.log('warning', why);
		this.sequence.start(this.restart());
	}

	/** Stops the device, gives back what was under way, and brings it up again. */
	private *restart(): Work {
		yield* this.hardware.stop();
		this.device.setCarrier(false);
		yield* this.giveBack();
		if (!(yield* this.hardware.bringUp(this.device))) {
			this.giveUp(false);
			return;
		}

		this.state = 'live';
		this.log('info', 'reset done');
	}

	/** The device does not answer: what was under way is lost. The watchdog looks for it again. */
	private lost(why: string): void {
		if (!this.isLive()) return;
		this.log('error', `${why}; dropping ${this.outstanding} packets`);
		this.state = 'removed';
		this.device.mode = 'closed';
		this.sequence.start(this.forget());
	}

	private giveUp(first: boolean): void {
		this.log('error', first ? 'probe failed' : 'given up after a failed reset');
		// A device that is gone may come back; one that is there and does not work stays given up.
		const gone = !first && this.function.readConfig(0, 2) === 0xffff;
		this.state = gone ? 'removed' : 'dead';
		this.device.mode = 'closed';
		if (first) this.failed();
		else this.device.wakeWaiters();
	}

	private *forget(): Work {
		this.device.setCarrier(false);
		yield* this.giveBack();
		this.device.wakeWaiters();
	}

	private *giveBack(): Work {
		while (this.device.transmitRing.packets > 0) {
			yield e1000Costs.drop;
			this.device.dropOldest();
		}
	}

	private isLive(): boolean {
		return this.state === 'live';
	}

	private log(severity: 'info' | 'warning' | 'error', text: string): void {
		this.hardware.log(severity, text);
	}
}
