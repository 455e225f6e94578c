/** `ringtop list`: the shipped scenarios and what each is about, in their own words. */
import {parseDocument} from 'yaml';
import {printableLine} from '../engine/printable.js';
import {openScenario, shippedNames} from './scenarios.js';
import {exitCode} from './user-error.js';

export async function run(): Promise<number> {
	const width = Math.max(40, Math.min(process.stdout.columns ?? 100, 100));
	for (const name of shippedNames()) {
		const about = printableLine(aboutOf(openScenario(name).text));
		process.stdout.write(
			`${name}\n${wrap(about, width - 2)
				.map((line) => `  ${line}\n`)
				.join('')}`,
		);
	}
	return exitCode.met;
}

/** The `about:` of a scenario; only that line is needed, so the rest is not judged here. */
function aboutOf(text: string): string {
	const about = parseDocument(text, {logLevel: 'silent'}).get('about');
	return typeof about === 'string' ? about : '';
}

function wrap(text: string, width: number): string[] {
	const lines: string[] = [];
	for (const word of text.split(' ').filter((part) => part !== '')) {
		const last = lines.at(-1);
		if (last !== undefined && last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`;
		else lines.push(word);
	}
	return lines;
}
