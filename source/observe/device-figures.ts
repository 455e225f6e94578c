/** A device on the bus with the native driver that drives it: what moved, how deep its queue is, how busy its busiest part was. */
import type {Engine} from '../engine/engine.js';
import type {PlacedDriver} from '../sim/host/placed-drivers.js';
import type {DeviceMeter} from './device-meter.js';
import type {Counter, Samples} from './samples.js';
import type {DeviceView, PartView} from './snapshot.js';

/** Driver states in which a person need not look twice. */
const healthy: ReadonlySet<string> = new Set(['probing', 'live']);

/** A device by its names. */
export interface NamedDevice {
	/** `nvme0` */
	readonly name: string;
	/** `00:04.0` */
	readonly address: string;
	/** In its own words: `SSD, 8 channels`. */
	readonly model: string;
}

export class DeviceFigures {
	readonly #rates: readonly Counter[];
	readonly #moved: Counter;
	readonly #interrupts: Counter;
	readonly #units: readonly Counter[];

	/**
	@param placed its driver, once the architecture has placed one.
	@param interrupts that drivers of the device have handled so far.
	*/
	constructor(
		private readonly engine: Engine,
		readonly device: NamedDevice,
		private readonly meter: DeviceMeter,
		private readonly placed: () => PlacedDriver | undefined,
		interrupts: () => number,
		samples: Samples,
	) {
		const {rates, units} = meter;
		this.#rates = rates.map(({total}) => samples.counter(total));
		this.#moved = samples.counter(() => rates.reduce((sum, {total}) => sum + total(), 0));
		this.#interrupts = samples.counter(interrupts);
		this.#units = units.map((busy) => samples.counter(busy));
	}

	/** The kernel its driver runs in. */
	get owner(): PlacedDriver['kernel'] | undefined {
		return this.placed()?.kernel;
	}

	view(): DeviceView {
		const {device, meter, engine} = this;
		const placed = this.placed();
		return {
			address: device.address,
			name: device.name,
			model: device.model,
			owner: placed?.kernel.name ?? 'nobody',
			state: meter.ailment() || (placed?.driver.state ?? ''),
			trouble: meter.ailment() !== '' || placed === undefined || !healthy.has(placed.driver.state),
			rates: meter.rates.map(({label, unit}, way) => ({label, unit, perSecond: this.#rates[way].perSecond})),
			history: this.#moved.history,
			queue: {
				entry: meter.entry,
				used: meter.queued(),
				size: placed?.driver.depth ?? 0,
				oldest: engine.now - (meter.oldestSince() ?? engine.now),
			},
			interruptRate: this.#interrupts.perSecond,
			alarms: meter.alarms(),
			counters: meter.counters(),
			busy: this.#units.reduce((most, {percent}) => Math.max(most, percent), 0),
		};
	}

	/** The driver's line in the domain it runs in; undefined before it is placed. */
	driverPartView(): PartView | undefined {
		const placed = this.placed();
		if (placed === undefined) {
			return undefined;
		}

		const {meter} = this;
		const {driver, kernel, device, module} = placed;
		return {
			id: `${kernel.name}/${device.name}`,
			kind: 'driver',
			title: module,
			subject: device.name,
			rate: this.#interrupts.perSecond,
			unit: 'irq/s',
			history: this.#interrupts.history,
			used: driver.outstanding,
			// Where a frame takes several descriptors, how many fit is not to be said.
			size: meter.given === meter.entry ? driver.depth : undefined,
			entry: meter.given,
			latency: undefined,
			p99: undefined,
			state: driver.state,
			counters: shownCounters
				.filter((name) => driver.counters[name] !== undefined)
				.map((name) => [spaced(name), driver.counters[name]]),
			channel: undefined,
			trouble: !healthy.has(driver.state),
		};
	}
}

/** Of all that drivers count, what a person looks at first; each driver has those it knows. */
const shownCounters = ['commands', 'errors', 'timeouts', 'aborts', 'hangs', 'resets', 'retries'];

/** `txDropped` as `tx dropped`. */
function spaced(name: string): string {
	return name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}
