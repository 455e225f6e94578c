/**
 * A console whose program fails while it is on the screen, for the test that the terminal comes back even then: the
 * built console over a session that throws. Run with node, in a terminal.
 */
import {runConsole} from '../../dist/ui/run-console.js';

await runConsole({
	connect({message}) {
		message({type: 'notice', text: 'about to fail', severity: 'info'});
		setTimeout(() => {
			throw new Error('thrown on purpose');
		}, 500);
		return {send() {}, close() {}};
	},
	stdin: process.stdin,
	stdout: process.stdout,
	ascii: false,
	saveRecording: () => '',
});
