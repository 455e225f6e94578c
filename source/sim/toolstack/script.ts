/**
Scripts: what a tool does one thing after the other, written as generators and run as work of domain zero. A script pays for
its CPU with steps, makes hypercalls in steps of their own, and waits for answers of the store without holding a vCPU.
*/
import type {Step} from '../../engine/step.js';
import type {Cost} from '../kernel/cost.js';
import type {GuestKernel} from '../kernel/kernel.js';
import type {ToolStore} from './tool-store.js';

type Wait = (resume: (result: unknown) => void) => void;
export type Script<T> = Generator<Wait, T, unknown>;

export const timeoutCost: Cost = {name: 'xl.timeout', ns: 1000, source: 'knob: a timer of a waiting tool'};

/** A tool gives up; the message is what it prints. */
export class ToolError extends Error {
	override readonly name = 'ToolError';
}

export class Scripts {
	readonly #steps = new Map<Cost, Step>();
	readonly #expire: Step;
	readonly #resumes = new Map<number, (result: unknown) => void>();
	#next = 1;

	/** @param costs what its scripts may pay for; `hypercalls` those that the hypervisor executes. */
	constructor(
		readonly kernel: GuestKernel,
		readonly store: ToolStore,
		costs: Readonly<Record<string, Cost>>,
		hypercalls: Readonly<Record<string, Cost>>,
	) {
		const resume = (id: number) => this.#resume(id, undefined);
		for (const cost of Object.values(costs)) {
			this.#steps.set(cost, kernel.define(cost.name, cost, resume));
		}

		for (const cost of Object.values(hypercalls)) {
			this.#steps.set(cost, kernel.hypercall(cost.name, cost, resume));
		}

		this.#expire = kernel.define(timeoutCost.name, timeoutCost, (id) => this.#resume(id, false));
	}

	/** Starts a script; `done` gets '' and its result, or what it printed when it gave up. */
	run<T>(script: Script<T>, done: (error: string, result: T | undefined) => void): void {
		this.#advance(script, undefined, done);
	}

	/** Spends CPU. What follows happens in that step; for a hypercall's cost, in the hypercall. */
	*work(cost: Cost): Script<void> {
		const step = this.#steps.get(cost);
		if (step === undefined) {
			throw new Error(`${cost.name} is among the costs of these scripts`);
		}

		yield (resume) => this.kernel.task(step, this.#wait(resume));
	}

	/** The value of a node; undefined when it is not there. */
	*read(path: string, transaction = 0): Script<string | undefined> {
		return yield* this.answer<string | undefined>((resume) =>
			this.store.read(path, (error, value) => resume(error === '' ? value : undefined), transaction),
		);
	}

	*directory(path: string): Script<string[]> {
		return yield* this.answer<string[]>((resume) => this.store.directory(path, (_error, names) => resume(names)));
	}

	/**
	Runs `write` in a transaction until it commits. It only queues requests: they reach xenstored in order, the commit last.
	@throws ToolError
	*/
	*transaction(what: string, write: (transaction: number) => void): Script<void> {
		const error = yield* this.answer<string>((resume) =>
			this.store.transaction((transaction, finish) => {
				write(transaction);
				finish(true);
			}, resume),
		);
		if (error !== '') {
			throw new ToolError(`libxl: error: ${what}: xenstore transaction commit failed: ${error}`);
		}
	}

	/** Waits until a node's value is one that `accept` takes; false when that has not come within `nanoseconds`. */
	*until(path: string, token: string, nanoseconds: number, accept: (value: string) => boolean): Script<boolean> {
		return yield* this.answer<boolean>((resume) => {
			let over = false;
			const finish = (result: boolean) => {
				if (!over) {
					over = true;
					this.store.unwatch(path, token);
					this.kernel.cancelTimer(timer);
					this.#resumes.delete(id);
					resume(result);
				}
			};
			const id = this.#wait(() => finish(false));
			const timer = this.kernel.timer(nanoseconds, this.#expire, id);
			this.store.watch(path, token, () =>
				this.store.read(path, (error, value) => {
					if (error === '' && accept(value)) {
						finish(true);
					}
				}),
			);
		});
	}

	/** Waits for `begin` to be answered. */
	*answer<T>(begin: (resume: (result: T) => void) => void): Script<T> {
		// A wait is resumed with what `begin` passes on, and that is a T.
		return (yield begin as Wait) as T;
	}

	#wait(resume: (result: unknown) => void): number {
		const id = this.#next;
		this.#next = id === 0x7fffffff ? 1 : id + 1;
		this.#resumes.set(id, resume);
		return id;
	}

	#resume(id: number, result: unknown): void {
		const resume = this.#resumes.get(id);
		this.#resumes.delete(id);
		resume?.(result);
	}

	#advance<T>(script: Script<T>, value: unknown, done: (error: string, result: T | undefined) => void): void {
		let next: IteratorResult<Wait, T>;
		try {
			next = script.next(value);
		} catch (error) {
			if (!(error instanceof ToolError)) {
				throw error;
			}

			done(error.message, undefined);
			return;
		}

		if (next.done === true) {
			done('', next.value);
		} else {
			next.value((result) => this.#advance(script, result, done));
		}
	}
}
