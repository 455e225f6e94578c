/** A device on the bus with the native driver that drives it: what moved, how deep its queue is, how busy its busiest part was. */
import type {Engine} from '../engine/engine.js';
import type {PlacedDriver} from '../sim/host/boot.js';
import type {HostDevice} from '../sim/host/devices.js';
import type {Counter, Samples} from './samples.js';
import type {DeviceView, PartView} from './snapshot.js';

const sectorBytes = 512;
/** Driver states in which a person need not look twice. */
const healthy: ReadonlySet<string> = new Set(['probing', 'live']);

export class DeviceFigures {
	readonly #read: Counter;
	readonly #written: Counter;
	readonly #moved: Counter;
	readonly #interrupts: Counter;
	readonly #parts: readonly Counter[];

	/**
	@param model the scenario's word for it, which is its driver's too: `nvme`.
	@param placed its driver, once the architecture has placed one.
	*/
	constructor(
		private readonly engine: Engine,
		readonly device: HostDevice,
		private readonly model: string,
		private readonly placed: () => PlacedDriver | undefined,
		samples: Samples,
	) {
		const {gauges} = device.medium;
		this.#read = samples.counter(() => gauges.sectorsRead * sectorBytes);
		this.#written = samples.counter(() => gauges.sectorsWritten * sectorBytes);
		this.#moved = samples.counter(() => (gauges.sectorsRead + gauges.sectorsWritten) * sectorBytes);
		this.#interrupts = samples.counter(() => placed()?.driver.counters.interrupts ?? 0);
		this.#parts = gauges.parts.map((part) => samples.counter(() => part.busyNanoseconds));
	}

	/** The kernel its driver runs in. */
	get owner(): PlacedDriver['kernel'] | undefined {
		return this.placed()?.kernel;
	}

	view(): DeviceView {
		const {device} = this;
		const {gauges} = device.medium;
		const placed = this.placed();
		const queued = device.inFlight;
		// Looking for the oldest goes through every slot of the medium.
		const oldestSince = gauges.outstanding === 0 ? this.engine.now : gauges.oldestSince;
		return {
			address: device.address,
			name: device.name,
			model: device.model,
			owner: placed?.kernel.name ?? 'nobody',
			state: placed?.driver.state ?? '',
			trouble: placed === undefined || !healthy.has(placed.driver.state),
			rates: [
				{label: 'read', perSecond: this.#read.perSecond, unit: 'B/s'},
				{label: 'write', perSecond: this.#written.perSecond, unit: 'B/s'},
			],
			history: this.#moved.history,
			queue: {
				entry: 'command',
				used: queued,
				size: placed?.driver.depth ?? 0,
				oldest: this.engine.now - oldestSince,
			},
			interruptRate: this.#interrupts.perSecond,
			alarms: [],
			counters: [
				['dirty cache bytes', gauges.dirtyBytes],
				['cache bytes', gauges.cacheBytes],
				['reads', gauges.reads],
				['writes', gauges.writes],
				['flushes', gauges.flushes],
				['errors', gauges.errors],
			],
			busy: this.#parts.reduce((most, {percent}) => Math.max(most, percent), 0),
		};
	}

	/** The driver's line in the domain it runs in; undefined before it is placed. */
	driverPartView(): PartView | undefined {
		const placed = this.placed();
		if (placed === undefined) {
			return undefined;
		}

		const {driver, kernel, device} = placed;
		const {timeouts, resets, aborts, retries, errors, commands} = driver.counters;
		return {
			id: `${kernel.name}/${device.name}`,
			kind: 'driver',
			title: this.model,
			subject: device.name,
			rate: this.#interrupts.perSecond,
			unit: 'irq/s',
			history: this.#interrupts.history,
			used: driver.outstanding,
			size: driver.depth,
			entry: 'command',
			latency: undefined,
			p99: undefined,
			state: driver.state,
			counters: [
				['commands', commands ?? 0],
				['errors', errors ?? 0],
				['timeouts', timeouts ?? 0],
				['aborts', aborts ?? 0],
				['resets', resets ?? 0],
				['retries', retries ?? 0],
			],
			channel: undefined,
			trouble: !healthy.has(driver.state),
		};
	}
}
