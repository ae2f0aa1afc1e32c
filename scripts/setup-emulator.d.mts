/** Path of the emulator's Python. */
export const emulatorPython: string;
/** Installs the AWS emulator once. Ends the process with one line where that cannot be done. */
export function setupEmulator(): void;
