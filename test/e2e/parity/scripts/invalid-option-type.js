export const options = { vus: 'three', iterations: 3 };

export default function () {}
