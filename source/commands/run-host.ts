/**
 * Runs a host without a console: as fast as it goes, in slices between which signals are taken and progress is told.
 * The trajectory does not depend on any of it.
 */
import {setImmediate as nextTurn} from 'node:timers/promises';
import type {Ending} from '../observe/report-types.js';
import type {Host} from '../sim/host.js';

/** Events in one slice: a few milliseconds of work, after which a signal is noticed. */
const sliceEvents = 10_000;

export type RunOptions = {
	/** Stops here, virtual nanoseconds; undefined is the scenario's runtime, or where its recording stopped. */
	readonly until: number | undefined;
	/** Told between slices. */
	readonly onSlice: (host: Host) => void;
	/** Asked between slices. */
	readonly isInterrupted: () => boolean;
	/** Events in one slice, for tests: cutting a run anywhere changes nothing. */
	readonly budget?: number;
};

export type Outcome = {readonly ending: Ending; readonly failure?: string};

/** Runs `host` to where it shall stop. An error inside the simulation ends the run and is its failure. */
export async function runHost(
	host: Host,
	{until, onSlice, isInterrupted, budget = sliceEvents}: RunOptions,
): Promise<Outcome> {
	const end = host.scenario.recording?.end;
	const natural = Math.min(end?.at ?? host.runtime, host.runtime);
	const target = Math.min(until ?? natural, natural);
	let lastTurn = host.executed;
	try {
		for (;;) {
			// A recording stops after an event, of which there may be several at the same time.
			const left = end !== undefined && target === natural ? end.event - host.executed : Number.POSITIVE_INFINITY;
			const reached = host.advance(target, Math.max(0, Math.min(budget, left)));
			onSlice(host);
			if (reached || left <= budget) {
				return {ending: target < natural ? 'until' : 'end'};
			}

			if (isInterrupted()) {
				return {ending: 'interrupted'};
			}

			if (host.executed - lastTurn >= sliceEvents) {
				lastTurn = host.executed;
				await nextTurn();
			}
		}
	} catch (error) {
		const what = error instanceof Error ? error.message : String(error);
		return {ending: 'failed', failure: `${what} (at ${host.now} ns, event ${host.executed})`};
	}
}
