/** One whole frame of the console: header, view, footer and what lies over them, as a canvas. Pure. */
import {Canvas, type Rectangle} from '../canvas.js';
import type {ConsoleState, World} from '../state.js';
import {cut} from '../text.js';
import {drawChannelView} from './channel.js';
import {drawDomains} from './domains.js';
import {drawFooter} from './footer.js';
import {drawHeader} from './header.js';
import {drawHost} from './host.js';
import {drawLog} from './log.js';
import {drawFailure, drawFaults, drawHelp, drawPalette} from './overlays.js';

/** The least a view is laid out for; a smaller terminal shows the upper left of that. */
export const least = {columns: 80, rows: 24} as const;

/** The size a frame is laid out for. */
export function layoutSize(columns: number, rows: number): {readonly columns: number; readonly rows: number} {
	return {columns: Math.max(columns, least.columns), rows: Math.max(rows, least.rows)};
}

/** The part of the screen between header and footer. */
export function viewArea(columns: number, rows: number): Rectangle {
	return {x: 0, y: 1, width: columns, height: rows - 2};
}

export function drawFrame(world: World, state: ConsoleState): Canvas {
	const small = world.columns < least.columns || world.rows < least.rows;
	const {columns, rows} = layoutSize(world.columns, world.rows);
	const canvas = new Canvas(columns, rows);
	const {snapshot} = world;
	const area = viewArea(columns, rows);
	drawHeader(canvas, world, state);
	if (snapshot === undefined) {
		canvas.put(1, 2, world.failed === undefined ? 'Building the host …' : '', 'dim');
	} else {
		switch (state.view) {
			case 'host':
				drawHost(canvas, area, snapshot, world, state);
				break;
			case 'domains':
				drawDomains(canvas, area, snapshot, world, state);
				break;
			case 'channel':
				drawChannelView(canvas, area, snapshot, world, state);
				break;
			case 'log':
				drawLog(canvas, area, world, state);
				break;
		}
		const {overlay} = state;
		if (overlay?.kind === 'help') drawHelp(canvas, area, state.view, overlay.top);
		if (overlay?.kind === 'palette') drawPalette(canvas, snapshot, world, overlay.palette);
		if (overlay?.kind === 'faults') drawFaults(canvas, snapshot, overlay.cursor);
	}
	if (world.failed !== undefined) drawFailure(canvas, world.failed);
	drawFooter(canvas, rows - 1, world, state);
	if (!small) return canvas;
	const needs = ` ringtop needs ${least.columns}x${least.rows}, this terminal has ${world.columns}x${world.rows} `;
	canvas.put(0, 0, cut(needs, world.columns).padEnd(columns), 'inverse');
	return canvas;
}
