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

export interface SimulationOptions {
	/** Makes the host anew: at the start and at every restart. */
	readonly make: () => {host: Host; observer: Observer; capture?: Capture};
	readonly emit: (message: Message) => void;
	readonly speed: number;
	/** A replay: operator lines come from the recording, none are taken. */
	readonly replaying: boolean;
	/** The command a person types to see the same again. */
	readonly reproduce: string;
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

	constructor(private readonly options: SimulationOptions) {
		({host: this.#host, observer: this.#observer, capture: this.#capture} = options.make());
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

				({host: this.#host, observer: this.#observer, capture: this.#capture} = this.options.make());
				this.#listen();
				this.#observer.watch(this.#ring, 0);
				this.#failed = false;
				this.#frozen = false;
				this.#figuresAt = Number.NEGATIVE_INFINITY;
				this.#pace.start(this.#host.now, wall);
				this.#notice('restarted from the beginning, same seed');
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
		return this.#frozen || this.#failed || this.finished;
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

	#fail(error: unknown): void {
		this.#failed = true;
		const text = error instanceof Error ? error.message : String(error);
		this.options.emit({
			type: 'failed',
			text: `${text} (at ${this.#host.now} ns, event ${this.#host.executed}; see it again with: ${this.options.reproduce})`,
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
