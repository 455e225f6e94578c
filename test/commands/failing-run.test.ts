/** A run that ringtop itself broke leaves with 70: it is neither met nor not met. */
import {afterEach, expect, test, vi} from 'vitest';
import {run} from '../../source/commands/run.js';
import {runHost} from '../../source/commands/run-host.js';

vi.mock('../../source/commands/run-host.js');

afterEach(() => {
	vi.restoreAllMocks();
});

test('an error inside the simulation is exit code 70, one line on stderr, and a report all the same', async () => {
	vi.mocked(runHost).mockResolvedValue({ending: 'failed', failure: 'what must hold (at 5 ns, event 3)'});
	const stdout = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
	const stderr = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
	expect(await run({command: 'run', words: ['web-and-db'], options: {json: 'true'}})).toBe(70);
	expect(stderr.mock.calls).toEqual([['ringtop: the simulation stopped: what must hold (at 5 ns, event 3)\n']]);
	expect(JSON.parse(String(stdout.mock.calls[0][0]))).toMatchObject({ending: 'failed', verdict: {met: false}});
});
