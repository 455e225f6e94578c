/** The screen of real hosts adds up, networks too: what guests send, what a bridge keeps, what a NIC and the LAN see. */
import {describe, expect, test} from 'vitest';
import {fakeClock} from '../support/fake-session.js';
import {second, WatchedHost} from '../support/hosts.js';
import {checkScreenAddsUp} from '../support/screen-sums.js';
import {renderApp} from './render-app.js';

const sizes = [
	[80, 24],
	[120, 36],
	[200, 50],
] as const;

describe.each([
	{name: 'web-and-db', at: 3 * second, shows: /serve tcp .*p99/},
	{name: 'guest-to-lan', at: 1.6 * second, shows: /iperf3? .*9\d\d Mb\/s/},
	{name: 'guest-to-guest', at: 2.6 * second, shows: /iperf3? .*2\.0 Gb\/s/},
	{name: 'rate-limited-vif', at: 3 * second, shows: /backup vif\d+\.0 +8\.\d Mb\/s/},
])('$name', ({name, at, shows}) => {
	const watched = new WatchedHost(name).advance(at - second);
	watched.look();
	const snapshot = watched.advance(at).look();

	test.each(sizes)('adds up at %i×%i', (columns, rows) => {
		const app = renderApp({columns, rows});
		app.message({type: 'snapshot', snapshot, clock: fakeClock()});
		expect(checkScreenAddsUp(app.lines())).toEqual([]);
		expect(app.lines().join('\n')).toMatch(shows);
		app.close();
	});
});
