/**
A host driven for a person: advanced in slices bounded by events, so that a command is taken within milliseconds whatever the load;
paced to the wall clock; recorded. Knows nothing of threads or terminals: time is handed in, messages go out through a function.
*/
import type {Capture} from '../doors/capture.js';
import type {Observer} from '../observe/observer.js';
import type {Host} from '../sim/host.js';
import {measuredText} from '../sim/scenario/condition.js';
import {Alternative} from './alternative.js';
import type {ClockView, Command} from './messages.js';
import {carryOut} from './operator-lines.js';
import {Pace} from './pace.js';
import {Replay} from './replay.js';
import {logVerdict, type Run, type SimulationOptions} from './run.js';

/** Events in one slice: a few milliseconds of work. */
const sliceEvents = 4000;
/** Real milliseconds of simulating before messages are looked at again. */
const turnMilliseconds = 8;
/** Simulated ns that a step goes at most: where every ring is asleep no request moves. */
const stepLimit = 1_000_000_000;
/** Real milliseconds between snapshots while time runs. */
const snapshotMilliseconds = 100;

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
	/** While it is under way, the host that is shown stands still. */
	readonly #alternative: Alternative;
	/** Counts restarts and changes of architecture. */
	#runs = 0;

	constructor(private readonly options: SimulationOptions) {
		const run = options.make(options.scenario);
		({host: this.#host, observer: this.#observer, capture: this.#capture} = run);
		run.show?.();
		this.#listen();
		this.#pace = new Pace(options.speed);
		this.#alternative = new Alternative(options, (text, severity) => this.#notice(text, severity));
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

				this.#alternative.drop();
				this.#frozen = false;
				this.#become(this.options.make(this.#host.scenario), wall);
				this.#notice('restarted from the beginning, same seed');
				break;
			}

			case 'architecture': {
				this.#alternative.begin(this.#host);
				break;
			}

			case 'keep': {
				if (this.#alternative.isUnderWay) {
					this.#alternative.drop();
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
				this.#delay = command.delay;

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
		const isPaced = this.#pace.speed !== Number.POSITIVE_INFINITY || this.#frozen;
		// The first turn starts the clock.
		if (isPaced && this.#figuresAt === Number.NEGATIVE_INFINITY) {
			this.#pace.start(this.#host.now, begun);
		}

		let wall = begun;
		if (this.#alternative.isUnderWay) {
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

		const next = Math.min(this.#host.nextTime, this.#host.runtime);
		const untilNext = Math.max(1, this.#pace.wait(next, wall));
		return this.#stopped ? snapshotMilliseconds : Math.min(untilNext, snapshotMilliseconds);
	}

	/** The runtime is over, and everything due by then has happened. */
	get finished(): boolean {
		const {finished, nextTime, runtime} = this.#host;
		return finished && nextTime > runtime;
	}

	get #stopped(): boolean {
		return this.#frozen || this.#failed || this.finished || this.#alternative.isUnderWay;
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

	/** A few milliseconds of bringing another host to this moment; then that is the one that is shown. */
	#catchUp(clock: () => number): number {
		const begun = clock();
		let wall = begun;
		while (this.#alternative.isUnderWay && wall - begun < turnMilliseconds) {
			const run = this.#alternative.advance(sliceEvents);
			wall = clock();
			if (run !== undefined) {
				this.#become(run, wall);
				if (this.finished) {
					this.#finish();
				}
			}
		}

		this.#dirty ||= wall - this.#snapshotAt >= snapshotMilliseconds;
		this.#report(wall);
		return 0;
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
		if (this.#alternative.refuses()) {
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
		this.#dirty = true;
		logVerdict(this.#host);
		if (this.#recording) {
			this.#emitRecording();
		}
	}

	#operate(command: Extract<Command, {type: 'operator'}>): void {
		if (this.options.replaying) {
			this.#notice('this is a replay: what happens is in the recording', 'error');
			return;
		}

		if (this.#alternative.refuses()) {
			return;
		}

		if (this.finished || this.#failed) {
			this.#notice('the run is over; 0 starts it again', 'error');
			return;
		}

		try {
			const {text, refused} = carryOut(this.#host, command.line);
			this.#notice(text, refused ? 'error' : 'info');
		} catch (error) {
			this.#fail(error);
		}
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
			catchingUp: this.#alternative.view(),
		};
	}

	#notice(text: string, severity: 'info' | 'error' = 'info'): void {
		this.options.emit({type: 'notice', text, severity});
	}

	#emitRecording(): void {
		this.options.emit({type: 'recording', text: this.#host.recording()});
	}
}
