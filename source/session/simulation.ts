/**
A host driven for a person: advanced in slices bounded by events, so that a command is taken within milliseconds whatever the load;
paced to the wall clock; recorded. Knows nothing of threads or terminals: time is handed in, messages go out through a function.
*/
import type {Capture} from '../doors/capture.js';
import type {Observer} from '../observe/observer.js';
import type {Host} from '../sim/host.js';
import {measuredText} from '../sim/scenario/condition.js';
import {evaluateExpectations} from '../sim/scenario/expectation.js';
import {Refused} from '../sim/scenario/problems.js';
import type {Scenario} from '../sim/scenario/types.js';
import {CatchUp, nextVariant, type Variant} from './catch-up.js';
import type {ClockView, Command, Message} from './messages.js';
import {verbOf} from './operator-lines.js';
import {Pace} from './pace.js';
import {Replay} from './replay.js';

/** Events in one slice: a few milliseconds of work. */
const sliceEvents = 4000;
/** Real milliseconds of simulating before messages are looked at again. */
const turnMilliseconds = 8;
/** Simulated ns that a step goes at most: where every ring is asleep no request moves. */
const stepLimit = 1_000_000_000;
/** Real milliseconds between snapshots while time runs. */
const snapshotMilliseconds = 100;

/** A host with who watches it. */
export interface Run {
	readonly host: Host;
	readonly observer: Observer;
	readonly capture?: Capture | undefined;
	/** Called when it becomes the run that is shown: only then its captures may go to their files. */
	readonly show?: () => void;
}

export interface SimulationOptions {
	readonly scenario: Scenario;
	/** The same scenario under every architecture there is, in the order in which `a` goes through them; none for a replay. */
	readonly variants: readonly Variant[];
	/** Makes a host anew: at the start, at every restart, and for another architecture. */
	readonly make: (scenario: Scenario) => Run;
	readonly emit: (message: Message) => void;
	readonly speed: number;
	/** A replay: operator lines come from the recording, none are taken. */
	readonly replaying: boolean;
	/** The command a person types to see the same again. */
	readonly reproduce: (arch: string) => string;
}

export class Simulation {
	#host: Host;
	#observer: Observer;
	#capture: Capture | undefined;
	/** While a recording is replayed. */
	#replay: Replay | undefined;
	readonly #pace: Pace;
	#frozen = false;
	#failed = false;
	#recording = false;
	#delay = 1;
	#figuresAt = Number.NEGATIVE_INFINITY;
	#snapshotAt = Number.NEGATIVE_INFINITY;
	#figures = 0;
	/** Events executed, and virtual time, when the figures last changed. */
	#figuresOf = {executed: -1, now: -1};
	#dirty = true;
	#ring: string | undefined;
	/** Asked for by the timeline, and not taken over yet. */
	#askedSpeed: number | undefined;
	/** Under another architecture; the host that is shown stands still meanwhile. */
	#other: {readonly run: Run; readonly catchUp: CatchUp; readonly refusals: readonly string[]} | undefined;
	/** Counts restarts and changes of architecture. */
	#runs = 0;

	constructor(private readonly options: SimulationOptions) {
		const run = options.make(options.scenario);
		({host: this.#host, observer: this.#observer, capture: this.#capture} = run);
		run.show?.();
		this.#listen();
		this.#pace = new Pace(options.speed);
	}

	/** Takes a command at wall time `wall` (ms). */
	command(command: Command, wall: number): void {
		this.#dirty = true;
		switch (command.type) {
			case 'operator': {
				this.#operate(command);
				break;
			}

			case 'speed': {
				this.#pace.speed = command.speed;
				this.#pace.start(this.#host.now, wall);
				break;
			}

			case 'freeze': {
				this.#frozen = command.frozen;
				this.#pace.start(this.#host.now, wall);
				break;
			}

			case 'step': {
				this.#step();
				break;
			}

			case 'restart': {
				if (this.#recording) {
					this.#notice('a recording is being made: w ends and writes it, then 0 restarts', 'error');
					break;
				}

				this.#other = undefined;
				this.#frozen = false;
				this.#become(this.options.make(this.#host.scenario), wall);
				this.#notice('restarted from the beginning, same seed');
				break;
			}

			case 'architecture': {
				this.#nextArchitecture();
				break;
			}

			case 'keep': {
				if (this.#other !== undefined) {
					this.#other = undefined;
					this.#pace.start(this.#host.now, wall);
					this.#notice(`still ${this.#host.architecture.title}`);
				}

				break;
			}

			case 'record': {
				this.#recording = command.on;
				if (!command.on) {
					this.#emitRecording();
				}

				break;
			}

			case 'watch': {
				this.#ring = command.ring;
				this.#observer.watch(command.ring, command.logFrom);
				if (command.delay !== this.#delay) {
					this.#delay = command.delay;
				}

				break;
			}

			case 'quit': {
				this.#capture?.end();
				if (this.#recording) {
					this.#emitRecording();
				}

				break;
			}
		}
	}

	/**
	Simulates for a few milliseconds at most.
	@param clock real milliseconds, read between slices.
	@returns real milliseconds until there is something to do again; 0 = at once.
	*/
	turn(clock: () => number): number {
		const begun = clock();
		if (this.#pace.speed !== Number.POSITIVE_INFINITY || this.#frozen) {
			// The first turn starts the clock.
			if (this.#figuresAt === Number.NEGATIVE_INFINITY) {
				this.#pace.start(this.#host.now, begun);
			}
		}

		let wall = begun;
		if (this.#other !== undefined) {
			return this.#catchUp(clock);
		}

		let caughtUp = this.#stopped;
		while (!caughtUp && wall - begun < turnMilliseconds) {
			const target = this.#pace.target(this.#host.now, wall);
			caughtUp = this.#advance(target);
			wall = clock();
			if (this.#askedSpeed !== undefined) {
				this.#pace.speed = this.#askedSpeed;
				this.#pace.start(this.#host.now, wall);
				this.#askedSpeed = undefined;
				caughtUp = this.#stopped;
			}
		}

		if (!this.#stopped) {
			this.#pace.measure(this.#host.now, wall);
		}

		this.#report(wall);
		if (!caughtUp) {
			return 0;
		}

		return this.#stopped ? snapshotMilliseconds : Math.min(this.#untilNext(wall), snapshotMilliseconds);
	}

	/** The runtime is over, and everything due by then has happened. */
	get finished(): boolean {
		const {finished, nextTime, runtime} = this.#host;
		return finished && nextTime > runtime;
	}

	get #stopped(): boolean {
		return this.#frozen || this.#failed || this.finished || this.#other !== undefined;
	}

	/** Goes on with another host. */
	#become(run: Run, wall: number): void {
		({host: this.#host, observer: this.#observer, capture: this.#capture} = run);
		run.show?.();
		this.#runs++;
		this.#listen();
		this.#observer.watch(this.#ring, 0);
		this.#failed = false;
		this.#figuresAt = Number.NEGATIVE_INFINITY;
		this.#pace.start(this.#host.now, wall);
	}

	/** Begins the same run under the architecture after this one, or after the one that is catching up. */
	#nextArchitecture(): void {
		const {variants, replaying, make} = this.options;
		if (replaying) {
			this.#notice('this is a replay: its architecture is in the recording', 'error');
			return;
		}

		const {scenario, now, operated} = this.#host;
		const next = nextVariant(variants, (this.#other?.run.host.scenario ?? scenario).arch);
		if (next === undefined || next.scenario.arch === scenario.arch) {
			this.#other = undefined;
			const why =
				next?.refusals ?? variants.flatMap((each) => ('refusal' in each ? [`${each.arch}: ${each.refusal}`] : []));
			this.#notice(`it runs under no other architecture; ${why.join('; ') || 'none is given'}`, 'error');
			return;
		}

		try {
			const run = make(next.scenario);
			this.#other = {run, catchUp: new CatchUp(run.host, run.observer, operated, now), refusals: next.refusals};
		} catch (error) {
			this.#abandon(next.scenario.arch, error);
		}
	}

	/** A few milliseconds of bringing the other host to this moment. */
	#catchUp(clock: () => number): number {
		const begun = clock();
		let wall = begun;
		const other = this.#other;
		while (other !== undefined && this.#other === other && wall - begun < turnMilliseconds) {
			try {
				if (other.catchUp.advance(sliceEvents)) {
					this.#other = undefined;
					this.#become(other.run, wall);
					if (this.finished) {
						this.#finish();
					}

					this.#notice([`now ${this.#host.architecture.title}, same seed and keys`, ...other.refusals].join('; '));
				}
			} catch (error) {
				this.#abandon(other.run.host.scenario.arch, error);
			}

			wall = clock();
		}

		this.#dirty ||= wall - this.#snapshotAt >= snapshotMilliseconds || this.#other === undefined;
		this.#report(wall);
		return 0;
	}

	/** Nothing comes of another architecture. */
	#abandon(arch: string, error: unknown): void {
		this.#other = undefined;
		const why = error instanceof Error ? error.message : String(error);
		this.#notice(`${arch}: ${why.split('\n')[0]} (see it with: ${this.options.reproduce(arch)})`, 'error');
	}

	/** Of a new host. A timeline's `speed:` line ends the slice it lies in, so that nothing passes at the old speed. */
	#listen(): void {
		const {engine, scenario} = this.#host;
		const replayed = this.options.replaying ? scenario.recording : undefined;
		this.#replay = replayed && new Replay(this.#host, replayed);
		this.#figuresOf = {executed: -1, now: -1};
		this.#host.onSpeed = (speed) => {
			this.#askedSpeed = speed === 0 ? Number.POSITIVE_INFINITY : speed;
			engine.stop();
		};
	}

	/** One slice towards `target`. True when it was reached. */
	#advance(target: number): boolean {
		try {
			const sample = this.#observer.nextSample;
			const wasOver = this.#replay?.over;
			const reached = (this.#replay ?? this.#host).advance(Math.min(target, sample), sliceEvents);
			if (reached && this.#host.now >= sample) {
				this.#observer.sample();
			}

			if (this.#replay?.over !== wasOver) {
				this.#endReplay();
			}

			if (this.finished) {
				this.#finish();
			}

			if (this.#stopped) {
				return true;
			}

			return reached && target <= this.#host.now;
		} catch (error) {
			this.#fail(error);
			return true;
		}
	}

	#step(): void {
		if (this.#isBusy()) {
			return;
		}

		this.#frozen = true;
		if (this.finished || this.#failed) {
			return;
		}

		try {
			const wasOver = this.#replay?.over;
			const until = Math.min(this.#host.now + stepLimit, this.#host.runtime);
			const hop = (this.#replay ?? this.#host).stepHop(until);
			if (this.#replay?.over !== wasOver) {
				this.#endReplay();
			} else {
				const limit = measuredText(stepLimit, 'time');
				this.#notice(hop === undefined ? `no request moved for ${limit}` : `stepped to the next hop: ${hop}`);
			}

			while (this.#host.now >= this.#observer.nextSample) {
				this.#observer.sample();
			}

			if (this.finished) {
				this.#finish();
			}
		} catch (error) {
			this.#fail(error);
		}
	}

	/** The end of the recording: a person decides whether to see what nobody has recorded. */
	#endReplay(): void {
		this.#frozen = true;
		this.#dirty = true;
		this.#notice(`${this.#replay?.verdict()}; ${this.finished ? '' : 'space goes on, '}0 again`);
	}

	/** The scenario's runtime is over: the last picture is judged. */
	#finish(): void {
		const {scenario, metrics, engine} = this.#host;
		this.#dirty = true;
		const results = evaluateExpectations(scenario, metrics, engine.now);
		const met = results.filter((result) => result.met).length;
		const count = results.length === 0 ? 'no expectations' : `${met} of ${results.length} expectations met`;
		const severity = met === results.length ? 'notice' : 'warning';
		engine.log.add(engine.now, 'ringtop', severity, 'check', `run over: ${count}`);
		if (this.#recording) {
			this.#emitRecording();
		}
	}

	#operate(command: Extract<Command, {type: 'operator'}>): void {
		if (this.options.replaying) {
			this.#notice('this is a replay: what happens is in the recording', 'error');
			return;
		}

		if (this.#isBusy()) {
			return;
		}

		if (this.finished || this.#failed) {
			this.#notice('the run is over; 0 starts it again', 'error');
			return;
		}

		try {
			const verb = verbOf(command.line, this.#host.scenario, `operator-${this.#host.rules.all.length + 1}`);
			const answer = this.#host.operate(verb);
			this.#notice(answer.text, answer.refused ? 'error' : 'info');
		} catch (error) {
			if (error instanceof Refused) {
				this.#notice(error.message, 'error');
			} else {
				this.#fail(error);
			}
		}
	}

	/** Time stands still for a run under another architecture; says so. */
	#isBusy(): boolean {
		if (this.#other !== undefined) {
			this.#notice('another architecture is catching up; esc keeps this one', 'error');
		}

		return this.#other !== undefined;
	}

	#fail(error: unknown): void {
		this.#failed = true;
		const text = error instanceof Error ? error.message : String(error);
		this.options.emit({
			type: 'failed',
			text: `${text} (at ${this.#host.now} ns, event ${this.#host.executed}; see it again with: ${this.options.reproduce(this.#host.scenario.arch)})`,
		});
	}

	#report(wall: number): void {
		const {executed, now} = this.#host;
		const of = this.#figuresOf;
		// While time stands the figures stand, as they are at that instant.
		const stale = this.#stopped
			? executed !== of.executed || now !== of.now
			: wall - this.#figuresAt >= this.#delay * 1000;
		if (stale) {
			this.#figuresOf = {executed, now};
			this.#figuresAt = wall;
			this.#figures++;
			this.#observer.refresh();
			this.#dirty = true;
		}

		const due = this.#dirty || (!this.#stopped && wall - this.#snapshotAt >= snapshotMilliseconds);
		if (due) {
			this.#dirty = false;
			this.#snapshotAt = wall;
			this.#capture?.flush();
			this.options.emit({type: 'snapshot', snapshot: this.#observer.snapshot(), clock: this.#clock()});
		}
	}

	#clock(): ClockView {
		return {
			speed: this.#pace.speed,
			reached: this.#pace.reached,
			frozen: this.#frozen,
			finished: this.finished,
			recording: this.#recording,
			replaying: this.options.replaying,
			hashes: this.#replay?.view(),
			figures: this.#figures,
			run: this.#runs,
			catchingUp: this.#other && {
				title: this.#other.run.host.architecture.title,
				now: this.#other.run.host.now,
				until: this.#other.catchUp.until,
			},
		};
	}

	#untilNext(wall: number): number {
		const next = Math.min(this.#host.nextTime, this.#host.runtime);
		return Math.max(1, this.#pace.wait(next, wall));
	}

	#notice(text: string, severity: 'info' | 'error' = 'info'): void {
		this.options.emit({type: 'notice', text, severity});
	}

	#emitRecording(): void {
		this.options.emit({type: 'recording', text: this.#host.recording()});
	}
}
