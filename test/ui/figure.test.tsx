/** The Host figure: marks of requests in slow motion, jobs and their verdicts, scales, and what stands where. */
import {afterEach, describe, expect, test} from 'vitest';
import {fakeClock} from '../support/fake-session.js';
import {type FakeOptions, fakeSnapshot} from '../support/fake-snapshot.js';
import {type AppOptions, renderApp} from './render-app.js';

const sizes = [
	[80, 24],
	[120, 36],
	[200, 50],
] as const;

let app: ReturnType<typeof renderApp> | undefined;
afterEach(() => {
	app?.close();
	app = undefined;
});

function show(options: FakeOptions = {}, terminal: AppOptions = {}, clock = fakeClock()) {
	app?.close();
	app = renderApp({columns: 120, rows: 36, ...terminal});
	app.message({type: 'snapshot', snapshot: fakeSnapshot(12_345_000_000, options), clock});
	return app;
}

const text = () => app?.lines().join('\n') ?? '';

describe.each(sizes)('marks of requests at %i×%i', (columns, rows) => {
	test.each<FakeOptions>([{ring: 'db.xvda', asleep: 4_200_000_000}, {ring: 'db.xvda', full: true}, {ring: 'web.xvda'}])(
		'take no word from the figure %j',
		(options) => {
			const words = () =>
				text()
					.split('\n')
					.slice(1, -1)
					.join('\n')
					.match(/[\w.%/]+/g);
			show(options, {columns, rows});
			const going = words()?.filter((word) => !['top', 'now'].includes(word));
			show(options, {columns, rows}, fakeClock({frozen: true}));
			const frozen = words()?.filter((word) => !['top', 'now'].includes(word));
				expect(frozen).toEqual(going);
		},
	);

	test('leave the duration of a sleeping ring whole', () => {
		show({ring: 'db.xvda', asleep: 4_200_000_000}, {columns, rows}, fakeClock({frozen: true}));
		expect(text()).toMatch(/×[─■]+ ?4\.2 ?s ?[─■]+×/);
	});
});
