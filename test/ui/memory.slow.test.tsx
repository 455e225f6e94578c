/** Hours of frames do not fill the memory: what a library remembers of every text ever shown would. */
import {setFlagsFromString} from 'node:v8';
import {runInNewContext} from 'node:vm';
import {expect, test} from 'vitest';
import {fakeClock} from '../support/fake-session.js';
import {fakeSnapshot} from '../support/fake-snapshot.js';
import {renderApp, renderInk} from './render-app.js';

setFlagsFromString('--expose-gc');
const collect: () => void = runInNewContext('gc');

test('1,500 frames that all differ leave the heap as it was', async () => {
	const app = renderApp({columns: 120, rows: 36, colour: true});
	const ink = renderInk(app, 120, 36);
	const heap = async (from: number, frames: number) => {
		for (let frame = from; frame < from + frames; frame++) {
			app.wait(300);
			app.message({type: 'snapshot', snapshot: fakeSnapshot(5e9 + frame * 12_345_678), clock: fakeClock()});
			await new Promise(setImmediate);
		}
		await ink.frame();
		collect();
		return process.memoryUsage().heapUsed;
	};
	const first = await heap(0, 300);
	const last = await heap(300, 1500);
	expect(last - first).toBeLessThan(2_000_000);
	ink.close();
	app.close();
});
