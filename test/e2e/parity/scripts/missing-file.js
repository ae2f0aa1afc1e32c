const text = open('./files/nowhere.txt');

export const options = { vus: 3, iterations: 3 };

export default function () {
  return text;
}
