/**
A whole simulated host: `new Host(scenario).advance(until)`. Owns the engine, switches the host on, carries out the timeline and an
operator's lines, checks the host as it runs. Everybody drives it through here: console, run, replay.
*/
import {assert} from '../engine/assert.js';
import {Engine} from '../engine/engine.js';
import {Step} from '../engine/step.js';
import {tagOf} from '../engine/tag.js';
import type {FrameTap} from '../net/frame-tap.js';
import {type Architecture, architectureOf} from './architecture/architecture.js';
import {FaultRules} from './faults/rules.js';
import {Oracle} from './guest/oracle.js';
import {Boot} from './host/boot.js';
import type {DiskChannel, NetChannel} from './host/channels.js';
import {type Answer, armFault} from './host/fault-arming.js';
import {Hardware} from './host/hardware.js';
import type {HostBoot} from './host/host-boot.js';
import {hostCosts} from './host/host-costs.js';
import {mixState} from './host/interval-hash.js';
import {Lifecycle} from './host/lifecycle.js';
import {Metrics} from './host/metrics.js';
import {Past} from './host/past.js';
import {checkTimes, reportRefusals} from './host/self-checks.js';
import {SleepCheck} from './host/sleep-check.js';
import {type FaultTrigger, plainTrigger, TimelineRunner} from './host/timeline-runner.js';
import {Workloads} from './host/workloads.js';
import {Xen1Boot} from './host/xen1-boot.js';
import {type Checkpoint, recordingText} from './scenario/recording.js';
import {type ChannelName, isOperatorLine, type OperatorLine, type Verb} from './scenario/timeline.js';
import type {Scenario} from './scenario/types.js';
import type {XlCommand} from './toolstack/xl.js';

export type {Answer} from './host/fault-arming.js';

export interface HostOptions {
	/** ringtop's version, for recordings. */
	readonly version: string;
	/** The state hash covers every byte that devices move, not only a stamp of each transfer. */
	readonly fullHash?: boolean;
}

/** Virtual time between two entries of the list of state hashes, ns. */
const hashInterval = 1_000_000_000;
/** xl commands that may be under way in domain zero at once. */
const mostXl = 64;

export class Host {
	readonly engine: Engine;
	readonly architecture: Architecture;
	readonly hardware: Hardware;
	/** What parts that are gone had counted. */
	readonly past = new Past();
	readonly workloads: Workloads;
	readonly oracle: Oracle;
	readonly rules: FaultRules;
	/** What expectations and `when:` lines speak of. */
	readonly metrics: Metrics;
	/** State hashes at each second of virtual time so far. */
	readonly hashes: Checkpoint[] = [];
	/** Asked for by a timeline's `speed:` line, simulated ns per real second, 0 = max. Nothing simulated sees it. */
	onSpeed: (speed: number) => void = () => {};
	readonly #operator: OperatorLine[] = [];
	readonly #replayed: readonly OperatorLine[];
	readonly #xlCommands: XlCommand[] = [];
	#xlWaiting = 0;
	#xlStep: Step | undefined;
	readonly #life: Lifecycle;
	readonly #sleepCheck: SleepCheck;

	constructor(
		readonly scenario: Scenario,
		private readonly options: HostOptions = {version: '0'},
	) {
		this.engine = new Engine(scenario.seed);
		const {engine} = this;
		if (scenario.question !== '') {
			engine.log.add(0, 'question', 'notice', 'say', scenario.question);
		}

		this.architecture = architectureOf(scenario);
		this.oracle = new Oracle(engine);
		this.rules = new FaultRules(engine);
		this.hardware = new Hardware(engine, scenario);
		const {architecture, hardware, past} = this;
		this.#life = new Lifecycle(
			engine,
			scenario,
			this.hardware,
			this.past,
			this.oracle,
			(options_) =>
				architecture.boot<HostBoot>({
					channels: () => new Boot(engine, scenario, architecture, hardware, past, options_),
					virtualDevices: () => new Xen1Boot(engine, scenario, architecture, hardware, past, options_),
				}),
			(boot) => this.#wire(boot),
			() => this.workloads,
		);
		for (const device of this.hardware.plugged) {
			device.hashBytes(options.fullHash === true);
		}

		this.#sleepCheck = new SleepCheck(engine);
		this.workloads = new Workloads(engine, this.oracle, scenario);
		this.#wire(this.boot);
		this.hardware.lan.start((station) => this.workloads.network.stationReady(station));
		this.#replayed = scenario.timeline.filter(isOperatorLine);
		this.metrics = new Metrics(this);
		new TimelineRunner(
			engine,
			scenario.timeline.filter((line) => !isOperatorLine(line)),
			{
				carryOut: (verb, trigger) => void this.#carryOut(verb, trigger),
				holds: (condition, from) => this.metrics.holds(condition, from),
			},
		);
		const interval = new Step('state hash', engine.world, 0, false, () => {
			engine.after(hashInterval, interval);
			checkTimes(engine, this.boot);
			this.workloads.network.check();
			mixState(engine, this.boot, this.oracle);
			this.hashes.push({at: engine.now, event: engine.executed, hash: engine.hash.toString()});
		});
		engine.after(hashInterval, interval);
	}

	/** The boot that is running, or the last one while the host is down. */
	get boot(): HostBoot {
		return this.#life.boot;
	}

	/** Virtual time, ns. */
	get now(): number {
		return this.engine.now;
	}

	get executed(): number {
		return this.engine.executed;
	}

	/** Where frames can be watched: each NIC's wire (`eth0`), each guest's interface (`web:0`); all of them are there from the start. */
	get taps(): readonly FrameTap[] {
		return this.hardware.lan.taps;
	}

	get runtime(): number {
		return this.scenario.runtime;
	}

	get finished(): boolean {
		return this.engine.now >= this.scenario.runtime;
	}

	/** Virtual time of whatever happens next, ns. */
	get nextTime(): number {
		return this.engine.nextTime;
	}

	/**
	Advances to `until` (ns, never past the scenario's runtime), by at most `budget` events. May be cut anywhere.
	@returns true when everything due by then has happened.
	*/
	advance(until: number, budget: number): boolean {
		const end = Math.min(until, this.scenario.runtime);
		const from = this.engine.executed;
		for (;;) {
			const left = budget - (this.engine.executed - from);
			const next = this.#replayed[this.#operator.length];
			if (next === undefined || next.trigger.at > end) {
				return this.engine.run(end, left);
			}

			const missing = next.event - this.engine.executed;
			if (missing > 0) {
				const reached = this.engine.run(next.trigger.at, Math.min(left, missing));
				if (this.engine.executed < next.event) {
					assert(!reached, `the recording fits: an operator's line came after event ${next.event}`);
					return false;
				}
			}

			if (this.engine.now < next.trigger.at) {
				this.engine.moveTo(next.trigger.at);
			}

			this.#operate(next.verb);
		}
	}

	/**
	Runs until the next hop of any request, at most to `until` (ns) and event `last`.
	@returns what it was, or undefined when none came by then.
	*/
	stepHop(until = this.scenario.runtime, last = Number.POSITIVE_INFINITY): string | undefined {
		const {trace} = this.engine;
		let hop: string | undefined;
		trace.onHop = (request, point) => {
			if (hop === undefined && request !== 0) {
				hop = trace.nameOf(point);
				this.engine.stop();
			}
		};
		try {
			let reached = false;
			while (hop === undefined && !reached && this.executed < last) {
				reached = this.advance(until, Math.min(1_000_000, last - this.executed));
			}
		} finally {
			trace.onHop = null;
		}

		return hop;
	}

	/** An operator acts now: the line is stamped with virtual time and events executed, carried out, and kept for recordings. */
	operate(verb: Verb): Answer {
		assert(this.#operator.length >= this.#replayed.length, 'a replay takes no further lines');
		return this.#operate(verb);
	}

	/** The operator's lines so far, in the order in which they were carried out. */
	get operated(): readonly OperatorLine[] {
		return this.#operator;
	}

	/** The run so far as a recording: a scenario that replays it. */
	recording(): string {
		const {engine, scenario} = this;
		return recordingText(scenario, {
			version: this.options.version,
			seed: scenario.seed,
			arch: scenario.arch,
			operator: this.#operator,
			hashes: this.hashes,
			end: {at: engine.now, event: engine.executed, hash: engine.hash.toString()},
		});
	}

	channel({domain, vdev}: ChannelName): DiskChannel | NetChannel | undefined {
		const {channels, network} = this.boot;
		const name = `${domain}.${vdev}`;
		return channels.find(({id}) => id === name) ?? network.vifs.find(({id}) => id === name);
	}

	/** Whoever outlives a boot hears of what comes to be in it. */
	#wire(boot: HostBoot): void {
		const {engine, workloads} = this;
		boot.xen.cpus.onCrash = (domain, error) => this.#life.crashed(domain?.name, error);
		reportRefusals(engine, boot);
		boot.disks.onChannel = (channel) => this.#sleepCheck.watch(channel);
		boot.network.onVif = (channel) => this.#sleepCheck.watch(channel);
		boot.network.onStation = (station) => workloads.network.stationReady(station);
		boot.disks.onDisk = (domain, disk, device) => workloads.diskReady(domain, disk, device);
		boot.onDomain = (domain) => workloads.domainReady(domain);
		boot.onStopping = (name) => workloads.quit(name);
		boot.disks.onDetached = (name, disk) => workloads.quit(name, disk);
		boot.onDestroyed = (name) => {
			workloads.domainLost(name);
			boot.disks.lost(name);
		};
		boot.onGone = (name) => this.oracle.domainGone(name);
		const [zero] = boot.domains;
		workloads.domainReady(zero);
		this.#xlWaiting = 0;
		this.#xlStep = zero.kernel.define('operator xl', hostCosts.operator, (index) =>
			boot.toolstack.xl(this.#xlCommands[index], () => this.#xlWaiting--),
		);
	}

	#operate(verb: Verb): Answer {
		const {engine} = this;
		this.#operator.push({trigger: {kind: 'at', at: engine.now}, verb, event: engine.executed});
		engine.hash.word(tagOf(verb.verb));
		const answer = this.#carryOut(verb, plainTrigger);
		engine.log.add(engine.now, 'operator', answer.refused ? 'warning' : 'info', 'operator', answer.text);
		return answer;
	}

	#carryOut(verb: Verb, trigger: FaultTrigger): Answer {
		const {engine} = this;
		switch (verb.verb) {
			case 'say':
				engine.log.add(engine.now, 'timeline', 'notice', 'say', verb.text);
				return {text: verb.text, refused: false};
			case 'fault':
				return armFault(this, verb.fault, trigger);
			case 'clear':
				return this.rules.clear(verb.id)
					? {text: `${verb.id}: cleared`, refused: false}
					: {text: `${verb.id}: no such fault is armed`, refused: true};
			case 'kick': {
				const name = `${verb.target.domain}.${verb.target.vdev}`;
				const channel = this.channel(verb.target);
				if (channel === undefined) {
					return {text: `${name}: no such channel yet`, refused: true};
				}

				channel.kick();
				return {text: `${name}: both ends told to look at their ring`, refused: false};
			}

			case 'speed':
				this.onSpeed(verb.speed);
				return {text: 'speed changed', refused: false};
			case 'xl':
				if (this.#xlStep === undefined || this.#life.isDown) {
					return {text: 'the host is down: nobody runs xl', refused: true};
				}

				if (this.#xlWaiting >= mostXl) {
					return {text: `xl is busy: ${mostXl} commands wait already`, refused: true};
				}

				this.#xlWaiting++;
				this.boot.domains[0].kernel.task(this.#xlStep, this.#xlCommands.push(verb.xl) - 1);
				return {text: `xl ${verb.xl.command} ${verb.xl.domain}`, refused: false};
			default:
				return verb satisfies never;
		}
	}
}
