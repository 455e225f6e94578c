/**
 * What `watch` and `replay` share: a checked scenario, a terminal and a worker thread become a console. Ink is loaded
 * here, after everything that can be refused has been.
 */
import {existsSync} from 'node:fs';
import type {CaptureWords} from '../doors/capture.js';
import {printableLine} from '../engine/printable.js';
import type {Variant} from '../session/catch-up.js';
import {connect} from '../session/connect.js';
import type {Message} from '../session/messages.js';
import type {Scenario} from '../sim/scenario/types.js';
import {CaptureFiles} from './capture-files.js';
import {faultKindsOf} from './fault-kinds.js';
import {writeRecording} from './record-target.js';
import type {Terminal} from './terminal.js';
import {exitCode} from './user-error.js';
import {version} from './version.js';

export type ConsoleSettings = {
	readonly scenario: Scenario;
	/** The same under every architecture; none for a replay. */
	readonly variants: readonly Variant[];
	readonly terminal: Terminal;
	/** Simulated nanoseconds per real second, 0 = as fast as it can; undefined = real time. */
	readonly speed: number | undefined;
	readonly ascii: boolean;
	/** Where a recording goes that begins with the run; undefined: only when asked for, beside the person's files. */
	readonly record: string | undefined;
	/** Interfaces whose frames go to files. */
	readonly captures: readonly CaptureWords[];
	/** The command line that shows the same run again, but for the architecture where there are several. */
	readonly reproduce: string;
};

const realTime = 1_000_000_000;

/** Shows the console until the person leaves; resolves to the exit code. */
export async function showConsole(settings: ConsoleSettings): Promise<number> {
	const {scenario, variants, terminal, record, captures, reproduce} = settings;
	const files = new CaptureFiles(captures);
	const speed = settings.speed === 0 ? Number.POSITIVE_INFINITY : (settings.speed ?? realTime);
	let closed: Promise<void> = Promise.resolve();
	let leaving = false;
	// The host boots in its thread while this one loads Ink, which takes longer; its first messages wait.
	const early: Message[] = [];
	let deliver = (message: Message): void => {
		early.push(message);
	};
	const connection = connect({scenario, variants, speed, version: version(), captures, reproduce}, (message) => {
		if (message.type === 'capture') files.write(message.file, message.bytes, message.at);
		else deliver(message);
	});
	if (record !== undefined) connection.send({type: 'record', on: true});
	const {localeIsUtf8, runConsole} = await import('../ui/run-console.js');
	const saved: string[] = [];
	let lost: string | undefined;
	const save = (text: string): string => {
		const file = record ?? freeName(scenario.name);
		writeRecording(file, text);
		saved.push(file);
		return file;
	};
	const saveLeaving = (text: string): void => {
		try {
			save(text);
		} catch (error) {
			lost = error instanceof Error ? error.message : String(error);
		}
	};
	const shown = runConsole({
		connect({message}) {
			deliver = (each) => {
				if (leaving && each.type === 'recording') saveLeaving(each.text);
				else message(each);
			};
			for (const each of early) deliver(each);
			return {
				send: connection.send,
				close() {
					leaving = true;
					closed = connection.close();
				},
			};
		},
		stdin: terminal.input,
		stdout: terminal.output,
		ascii: settings.ascii || !localeIsUtf8(process.env),
		speed,
		faults: faultKindsOf(scenario),
		saveRecording: save,
	});
	const code = await shown.finally(() => {
		// Keys read from /dev/tty are a handle of our own, which would keep the process from ending.
		if (terminal.input !== process.stdin) terminal.input.destroy();
	});
	await closed;
	files.close();
	files.report(process.stderr);
	if (record !== undefined && saved.length === 0) lost ??= 'the simulation did not hand it over';
	for (const file of new Set(saved)) process.stderr.write(`recording: ${file}   (ringtop replay ${file})\n`);
	if (lost !== undefined) process.stderr.write(`ringtop: the recording could not be written: ${printableLine(lost)}\n`);
	// The console itself fails only with the simulation.
	if (code !== 0) return exitCode.internal;
	return lost === undefined && files.lost === undefined ? exitCode.met : exitCode.notMet;
}

function freeName(name: string): string {
	for (let n = 1; ; n++) {
		const file = `${name}.recording${n === 1 ? '' : `-${n}`}.yaml`;
		if (!existsSync(file)) return file;
	}
}
