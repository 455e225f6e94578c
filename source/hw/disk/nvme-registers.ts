/**
Controller registers of NVM Express: offsets in BAR 0 and their fields. After NVMe base specification 1.4 §3.1. Registers of 64 bits
are two 32-bit words here.
*/
export const capLow = 0x00;
export const capHigh = 0x04;
export const versionRegister = 0x08;
export const interruptMaskSet = 0x0c;
export const interruptMaskClear = 0x10;
export const configuration = 0x14;
export const controllerStatus = 0x1c;
export const subsystemReset = 0x20;
export const adminQueueAttributes = 0x24;
export const adminSubmissionLow = 0x28;
export const adminSubmissionHigh = 0x2c;
export const adminCompletionLow = 0x30;
export const adminCompletionHigh = 0x34;
/** Doorbells of queue y: 1000h + 8y (submission tail), 1004h + 8y (completion head); the stride CAP.DSTRD is 0. */
export const doorbells = 0x1000;

/** NVMe 1.4. */
export const version = 0x0001_0400;

/** CC fields. */
export const ccEnable = 1;
export const ccCommandSet = (cc: number): number => (cc >>> 4) & 7;
export const ccPageSize = (cc: number): number => (cc >>> 7) & 15;
export const ccArbitration = (cc: number): number => (cc >>> 11) & 7;
export const ccShutdown = (cc: number): number => (cc >>> 14) & 3;
export const ccSubmissionEntry = (cc: number): number => (cc >>> 16) & 15;
export const ccCompletionEntry = (cc: number): number => (cc >>> 20) & 15;
export const ccWritable = 0x00ff_fff1;

/** CSTS fields. */
export const cstsReady = 1 << 0;
export const cstsFatal = 1 << 1;
export const cstsShutdown = 3 << 2;
export const cstsShutdownOccurring = 1 << 2;
export const cstsShutdownComplete = 2 << 2;

/** Entry sizes as powers of two: the only ones there are. */
export const submissionEntryShift = 6;
export const completionEntryShift = 4;

/** CAP, low word: MQES (0-based), CQR, TO (500 ms units). High word: DSTRD 0, NVM command set, 4 KiB pages only. */
export function capabilitiesLow(entries: number, timeoutNanoseconds: number): number {
	return (entries - 1) | (1 << 16) | (Math.ceil(timeoutNanoseconds / 500_000_000) << 24);
}

export const capabilitiesHigh = 1 << 5;

/** Admin opcodes, §5. */
export const deleteSubmissionQueue = 0x00;
export const createSubmissionQueue = 0x01;
export const getLogPage = 0x02;
export const deleteCompletionQueue = 0x04;
export const createCompletionQueue = 0x05;
export const identify = 0x06;
export const abort = 0x08;
export const setFeatures = 0x09;
export const getFeatures = 0x0a;
export const asyncEventRequest = 0x0c;

/** NVM command set opcodes, §6. */
export const flush = 0x00;
export const write = 0x01;
export const read = 0x02;
