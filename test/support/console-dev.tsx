/**
 * The console over a fake session, to be looked at while it is built: `node console-dev.js '{"full":true}'` after
 * compiling it. Not part of the product.
 */
import {runConsole} from '../../source/ui/run-console.js';
import {FakeSession} from './fake-session.js';
import {faultKinds} from './fault-kinds.js';

const {start, ascii = false, ...options} = JSON.parse(process.argv[2] ?? '{}');
process.exitCode = await runConsole({
	connect: ({message}) => new FakeSession(message, options, start),
	stdin: process.stdin,
	stdout: process.stdout,
	ascii,
	faults: faultKinds,
	saveRecording: () => 'recording.yaml',
});
