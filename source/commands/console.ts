/**
 * What `watch` and `replay` share: a checked scenario, a terminal and a worker thread become a console. Ink is loaded
 * here, after everything that can be refused has been.
 */
import {existsSync, renameSync, writeFileSync} from 'node:fs';
import {connect} from '../session/connect.js';
import type {Message} from '../session/messages.js';
import type {Scenario} from '../sim/scenario/types.js';
import type {Request} from './options.js';
import type {Terminal} from './terminal.js';
import {UserError} from './user-error.js';
import {version} from './version.js';

export type ConsoleSettings = {
	readonly scenario: Scenario;
	readonly terminal: Terminal;
	/** Simulated nanoseconds per real second, 0 = as fast as it can; undefined = real time. */
	readonly speed: number | undefined;
	readonly ascii: boolean;
	/** Where a recording goes that begins with the run; undefined: only when asked for, beside the person's files. */
	readonly record: string | undefined;
	/** The command line that shows the same run again. */
	readonly reproduce: string;
};

const realTime = 1_000_000_000;

/** Shows the console until the person leaves; resolves to the exit code. */
export async function showConsole(settings: ConsoleSettings): Promise<number> {
	const {scenario, terminal, record, reproduce} = settings;
	const speed = settings.speed === 0 ? Number.POSITIVE_INFINITY : (settings.speed ?? realTime);
	let closed: Promise<void> = Promise.resolve();
	let leaving = false;
	// The host boots in its thread while this one loads Ink, which takes longer; its first messages wait.
	const early: Message[] = [];
	let deliver = (message: Message): void => {
		early.push(message);
	};
	const connection = connect({scenario, speed, version: version(), reproduce}, (message) => deliver(message));
	if (record !== undefined) connection.send({type: 'record', on: true});
	const {localeIsUtf8, runConsole} = await import('../ui/run-console.js');
	const saved: string[] = [];
	const save = (text: string): string => {
		const file = record ?? freeName(scenario.name);
		// Written beside and renamed: whoever reads it finds the old recording or the new one, whole.
		writeFileSync(`${file}.part`, text);
		renameSync(`${file}.part`, file);
		saved.push(file);
		return file;
	};
	const code = await runConsole({
		connect({message}) {
			deliver = (each) => {
				if (leaving && each.type === 'recording') save(each.text);
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
		saveRecording: save,
	});
	await closed;
	for (const file of new Set(saved)) process.stderr.write(`recording: ${file}   (ringtop replay ${file})\n`);
	return code;
}

/** Reads `--seed`: a whole number. Throws UserError. */
export function seedOf(options: Request['options']): number | undefined {
	const {seed} = options;
	if (seed === undefined) return undefined;
	if (!/^\d{1,15}$/.test(seed)) throw new UserError(`--seed: '${seed}' is not a whole number`);
	return Number(seed);
}

function freeName(name: string): string {
	for (let n = 1; ; n++) {
		const file = `${name}.recording${n === 1 ? '' : `-${n}`}.yaml`;
		if (!existsSync(file)) return file;
	}
}
