import { expect } from 'chai';
import fc from 'fast-check';
import { Html, html } from '../../../../src/report/page/html.js';

describe('html', () => {
  it('escapes text, in elements and in attributes', () => {
    const text = `<a href="x" title='y'>&amp;</a>`;
    expect(html`<p title="${text}">${text}</p>`.source).to.equal(
      '<p title="&lt;a href=&quot;x&quot; title=&#39;y&#39;&gt;&amp;amp;&lt;/a&gt;">' +
        '&lt;a href=&quot;x&quot; title=&#39;y&#39;&gt;&amp;amp;&lt;/a&gt;</p>',
    );
  });

  it('takes HTML and lists of it as they are, and numbers', () => {
    const bold = ['<1>', '2'].map((text) => html`<b>${text}</b>`);
    expect(html`${bold} ${new Html('<hr>')} ${3}`.source).to.equal('<b>&lt;1&gt;</b><b>2</b> <hr> 3');
  });

  it('lets no text make a tag, an attribute or an entity', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const { source } = html`${text}`;
        expect(source).not.to.match(/[<>"']/);
        expect(source.replace(/&(lt|gt|amp|quot|#39);/g, '')).not.to.include('&');
      }),
    );
  });

  it('keeps backslashes', () => {
    expect(html`C:\\runs ${'C:\\runs'}`.source).to.equal('C:\\runs C:\\runs');
  });
});
